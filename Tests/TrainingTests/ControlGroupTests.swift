import Foundation
import Job
import Testing

/// Limits of control groups, read from folders that look like a machine's.
struct ControlGroupTests {
  /// A root folder with files of these texts.
  private func limits(_ files: [String: String]) throws -> ControlGroup {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("supcon-test-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (name, text) in files {
      let file = root.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return ControlGroup(root: root.path)
  }

  private static let version2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

  @Test func `the limit of a group above counts`() throws {
    let group = try limits([
      "proc/self/cgroup": "0::/job/task\n", "proc/self/mountinfo": Self.version2,
      "sys/fs/cgroup/job/memory.max": "600\n", "sys/fs/cgroup/job/memory.current": "450\n",
      "sys/fs/cgroup/job/memory.stat": "anon 100\nfile 50\nfile_mapped 7\n",
      "sys/fs/cgroup/job/cpu.max": "150000 100000\n", "sys/fs/cgroup/job/task/memory.max": "max\n",
      "sys/fs/cgroup/job/task/memory.current": "450\n", "sys/fs/cgroup/job/task/cpu.max": "max 100000\n",
    ])
    #expect(group.availableBytes == 200 && group.memoryLimit == 600)
    #expect(group.processors == 1.5)
  }

  @Test func `version 1 with a folder for each controller`() throws {
    let group = try limits([
      "proc/self/cgroup": "4:memory:/a/b\n3:cpuset:/\n1:cpu,cpuacct:/a\n0::/\n",
      "proc/self/mountinfo": """
      31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
      32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
      """,
      "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "200000\n",
      "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "5000\n",
      "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "1500\n",
      "sys/fs/cgroup/memory/a/memory.stat": "cache 5\ntotal_cache 500\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "10\n",
    ])
    #expect(group.processors == 2)
    #expect(group.availableBytes == 4000 && group.memoryLimit == 5000)
  }

  @Test func `shared memory is no cache that could be freed`() throws {
    let group = try limits([
      "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": Self.version2, "sys/fs/cgroup/memory.max": "600\n",
      "sys/fs/cgroup/memory.current": "450\n",
      "sys/fs/cgroup/memory.stat": "anon 100\nfile 350\nshmem 300\nfile_mapped 7\n",
    ])
    // 450 are in use, of which 50 are cache of files on disks.
    #expect(group.availableBytes == 200)
    let first = try limits([
      "proc/self/cgroup": "4:memory:/\n",
      "proc/self/mountinfo": "32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "600\n",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "450\n",
      "sys/fs/cgroup/memory/memory.stat": "cache 350\nshmem 1\ntotal_cache 350\ntotal_shmem 300\n",
    ])
    #expect(first.availableBytes == 200)
  }

  @Test func `in a container the mounted group counts, named as the host has it or not`() throws {
    for own in ["/docker/12ab", "/", "/kubepods/other"] {
      let group = try limits([
        "proc/self/cgroup": "0::\(own)\n",
        "proc/self/mountinfo": "30 23 0:26 /docker/12ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
        "sys/fs/cgroup/cpu.max": "50000 100000\n",
      ])
      #expect(group.processors == 0.5, "\(own)")
    }
  }

  @Test func `without groups or limits there is none`() throws {
    #expect(try limits([:]) == ControlGroup(root: "/nowhere"))
    let group = try limits([
      "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": Self.version2, "sys/fs/cgroup/cgroup.procs": "1\n",
    ])
    #expect(group.processors == nil && group.availableBytes == nil && group.memoryLimit == nil)
  }
}
