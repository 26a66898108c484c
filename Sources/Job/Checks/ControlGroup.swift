import FoundationEssentials

/// The CPU and memory limits of this process's control groups (cgroup versions 1 and 2), including all parent groups.
package struct ControlGroup: Sendable, Equatable {
  /// The number of CPUs that the smallest quota allows, such as 1.5; `nil` without a quota.
  package private(set) var processors: Double?
  /// The bytes still free below the tightest memory limit; `nil` without a limit.
  package private(set) var availableBytes: Int?
  /// The tightest memory limit in bytes, used or not; `nil` without a limit.
  package private(set) var memoryLimit: Int?

  /// The smallest memory limit that means "no limit" in cgroup version 1, in bytes.
  private static let unlimitedBytes = Int.max / 2

  /// Reads the limits from `/proc` and the mounted control groups.
  ///
  /// - Parameter root: The folder that contains `proc` and all mount points; tests pass another one than `/`.
  package init(root: String = "/") {
    let base = root.hasSuffix("/") ? String(root.dropLast()) : root
    for group in Self.groups(base) {
      for folder in group.folders {
        let files = ControlGroupFiles(folder: folder, version: group.version)
        if let processors = files.processors {
          self.processors = min(self.processors ?? processors, processors)
        }
        guard let limit = files.memoryLimit, limit < Self.unlimitedBytes else { continue }
        memoryLimit = min(memoryLimit ?? limit, limit)
        if let used = files.usedMemory {
          let available = max(limit - used, 0)
          availableBytes = min(availableBytes ?? available, available)
        }
      }
    }
  }

  /// The folders of a control group and of all its parent groups, up to the mount point of their hierarchy.
  private struct Group {
    let version: Int
    let folders: [String]
  }

  private static func groups(_ base: String) -> [Group] {
    let lines = text("\(base)/proc/self/cgroup").split(separator: "\n")
    let mounts = text("\(base)/proc/self/mountinfo").split(separator: "\n").compactMap(Mount.init)
    return lines.flatMap { line -> [Group] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      let controllers = Set(fields[1].split(separator: ","))
      return mounts.filter { mount in
        fields[1].isEmpty ? mount.version == 2 : mount.version == 1 && !mount.options.isDisjoint(with: controllers)
      }.map { mount in
        Group(
          version: mount.version, folders: mount.folders(ofGroup: String(fields[2])).map { folder in base + folder })
      }
    }
  }

  /// A mounted control group hierarchy.
  private struct Mount {
    let version: Int
    /// The path, in the hierarchy, of the group that is mounted at ``point``.
    let root: String
    let point: String
    let options: Set<Substring>

    /// Parses a line of `/proc/self/mountinfo` (proc(5)); `nil` if the mount is not a control group hierarchy.
    init?(_ line: Substring) {
      let halves = line.split(separator: " - ", maxSplits: 1)
      guard halves.count == 2 else { return nil }
      let fields = halves[0].split(separator: " ")
      let system = halves[1].split(separator: " ")
      guard fields.count > 4, system.count > 1, system[0] == "cgroup" || system[0] == "cgroup2" else { return nil }
      version = system[0] == "cgroup2" ? 2 : 1
      (root, point) = (String(fields[3]), String(fields[4]))
      options = Set((system.last ?? "").split(separator: ","))
    }

    /// Returns the folders of a group and of its parent groups, up to the mount point.
    func folders(ofGroup group: String) -> [String] {
      // In a container the process's group often has its path on the host, of which only the mounted part is visible.
      var path = root != "/" && group.hasPrefix(root) ? String(group.dropFirst(root.count)) : root == "/" ? group : ""
      var folders: [String] = []
      while !path.isEmpty, path != "/" {
        folders.append(point + path)
        path = path.lastIndex(of: "/").map { slash in String(path[..<slash]) } ?? ""
      }
      return folders + [point]
    }
  }

  fileprivate static func text(_ path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}

/// The limit and usage files of one control group.
private struct ControlGroupFiles {
  let folder: String
  let version: Int

  /// The number of CPUs that the group's quota allows; `nil` without a quota.
  var processors: Double? {
    let numbers: [Int?] =
      version == 2
      ? ControlGroup.text("\(folder)/cpu.max").split(whereSeparator: \.isWhitespace).map { word in Int(word) }
      : [number("cpu.cfs_quota_us"), number("cpu.cfs_period_us")]
    guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else { return nil }
    return Double(quota) / Double(period)
  }

  var memoryLimit: Int? { number(version == 2 ? "memory.max" : "memory.limit_in_bytes") }

  /// The memory that the group uses, in bytes, without the page cache, which the kernel frees on demand.
  var usedMemory: Int? {
    let lines = ControlGroup.text("\(folder)/memory.stat").split(separator: "\n")
    func count(_ name: String) -> Int {
      let line = lines.first { line in line.hasPrefix("\(name) ") }
      return line?.split(separator: " ").last.flatMap { number in Int(number) } ?? 0
    }
    // The kernel counts shared memory and files in /dev/shm as page cache, but cannot free them.
    let cached = version == 2 ? count("file") - count("shmem") : count("total_cache") - count("total_shmem")
    return number(version == 2 ? "memory.current" : "memory.usage_in_bytes").map { used in used - cached }
  }

  private func number(_ file: String) -> Int? {
    Int(ControlGroup.text("\(folder)/\(file)").filter { letter in !letter.isWhitespace })
  }
}
