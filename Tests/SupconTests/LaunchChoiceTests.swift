import Foundation
import TestSupport
import Testing

/// The numbers of ranks and threads that `scripts/launch.sh` chooses, and the codes with which it ends before ranks
/// run, with programs in place of a launcher and of `supcon`.
struct LaunchChoiceTests {
  private let workshop: Workshop
  private let environment: [String: String]

  /// The program shows what it is asked for, and proposes 3 ranks with 2 threads each.
  init() throws {
    workshop = try Workshop()
    let launcher = try workshop.script(
      "mpirun",
      """
      [ "$1" != --version ] || { echo 'mpirun (Open MPI) 4.1.4'; exit 0; }
      echo "launcher options: $*"
      """)
    let program = try workshop.script(
      "program",
      """
      [ "$1" = plan ] || { echo 'supcon 0.0.0'; echo 'MPI           Open MPI 4.1.4'; exit 0; }
      echo "asked: $*" >&2
      while [ $# -gt 0 ]; do
        [ "$1" != --config ] || sed 's/^/configured: /' "$2" >&2
        shift
      done
      echo '"ranks" : 3,'
      echo '"binding" : "none",'
      echo '"threads_per_rank" : 2'
      """)
    environment = ["SUPCON": program, "SUPCON_MPIRUN": launcher]
  }

  /// Starts the script, below another command if one is given.
  private func launch(
    _ arguments: [String], _ more: [String: String] = [:], below command: [String] = []
  ) throws -> ProcessResult {
    try runProcess(
      "/usr/bin/env", command + [projectRoot.appendingPathComponent("scripts/launch.sh").path] + arguments,
      environment: environment.merging(more) { _, own in own })
  }

  /// The number of ranks that the launcher was asked for.
  private func ranks(of result: ProcessResult) -> Substring? {
    result.standardOutput.firstMatch(of: /launcher options: -n ([0-9]+)/)?.1
  }

  // MARK: - Ranks

  // `nproc` takes a number of threads in the environment for that of CPUs; it ignores an empty one.
  @Test func `the default number of ranks does not follow OMP_NUM_THREADS`() throws {
    let plain = try launch(["pretrain"], ["OMP_NUM_THREADS": "", "OMP_THREAD_LIMIT": ""])
    let expected = try #require(ranks(of: plain), "\(plain.standardError)")
    for variable in ["OMP_NUM_THREADS", "OMP_THREAD_LIMIT"] {
      for threads in ["1", "500"] {
        let result = try launch(["pretrain"], [variable: threads])
        #expect(ranks(of: result) == expected, "\(variable)=\(threads): \(result.standardError)")
      }
    }
  }

  /// One and a half CPUs, and a half: a rank.
  @Test(
    .enabled(if: canHideControlGroups, "needs root and mount namespaces"),
    arguments: [
      "echo 150000 100000 >cpu.max",
      "mkdir cpu && echo 50000 >cpu/cpu.cfs_quota_us && echo 100000 >cpu/cpu.cfs_period_us",
    ])
  func `the default number of ranks follows the CPU quota of a control group`(files: String) throws {
    let command = "\(Self.hideControlGroups) && cd /sys/fs/cgroup && \(files) && exec \"$@\""
    let result = try launch(["pretrain"], below: ["unshare", "--mount", "sh", "-c", command, "sh"])
    #expect(ranks(of: result) == "1", "\(result.standardError)")
  }

  private static let hideControlGroups = "mount -t tmpfs none /sys/fs/cgroup"

  private static let canHideControlGroups: Bool = {
    let result = try? runProcess("/usr/bin/env", ["unshare", "--mount", "sh", "-c", Self.hideControlGroups])
    return result?.exitCode == 0
  }()

  // MARK: - Proposals

  @Test(arguments: [true, false])
  func `a proposal for a resumed run is that for the run's own options`(isOneWord: Bool) throws {
    let run = workshop.path("a run")
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    try "model: resnet50\ninit: /removed\nbatch-size: 1024\nthreads: 4\nviews: 2\n".write(
      toFile: "\(run)/config.yaml", atomically: true, encoding: .utf8)
    let output = isOneWord ? ["--output=\(run)"] : ["--output", run]
    let result = try launch(["--auto", "pretrain", "--resume"] + output + ["--steps", "5"])
    #expect(result.exitCode == 0, "\(result.standardError)")
    let lines = result.standardError.split(separator: "\n")
    let question = lines.first { line in line.hasPrefix("asked: ") } ?? ""
    #expect(question.hasPrefix("asked: plan --propose --json --config "), "\(result.standardError)")
    #expect(question.hasSuffix(" --steps 5"), "\(question)")
    // Threads are what is proposed; the encoder that the run began with is not read any more.
    let configured = lines.filter { line in line.hasPrefix("configured: ") }
    #expect(
      configured == ["configured: model: resnet50", "configured: batch-size: 1024", "configured: views: 2"],
      "\(result.standardError)")
    #expect(ranks(of: result) == "3")
    #expect(result.standardOutput.hasSuffix(" --steps 5 --threads 2\n"), "\(result.standardOutput)")
  }

  @Test func `a proposal for a resumed run needs the run`() throws {
    let result = try launch(["--auto", "pretrain", "--resume"])
    #expect(result.exitCode == 64, "\(result.standardOutput)")
    #expect(result.standardError.contains("give --output with the run to resume"), "\(result.standardError)")
  }

  @Test func `a proposal is for one machine`() throws {
    let job = ["SLURM_JOB_ID": "7", "SLURM_NTASKS": "16", "SLURM_JOB_NUM_NODES": "2"]
    let result = try launch(["--auto", "pretrain"], job)
    #expect(result.exitCode == 64, "\(result.standardOutput)")
    #expect(result.standardError.contains("the Slurm job has 2 nodes; give -np"), "\(result.standardError)")
  }

  @Test func `a program that does not start is no failed proposal`() throws {
    let program = try workshop.script(
      "broken", "echo \"$0: error while loading shared libraries: libdnnl.so.2: cannot open\" >&2; exit 127")
    let result = try launch(["--auto", "pretrain"], ["SUPCON": program])
    #expect(result.exitCode == 69, "\(result.standardError)")
    #expect(result.standardError.contains("it lacks oneDNN 2"), "\(result.standardError)")
  }

  // MARK: - Stopping

  // MPICH's ranks are asked to stop by SIGTERM, those of Open MPI by SIGUSR1.
  @Test(arguments: ["TERM", "USR1"])
  func `a job that is stopped before MPICH's launcher heeds signals ends with 75`(signal: String) throws {
    let launcher = try workshop.script(
      "mpiexec.mpich",
      """
      [ "$1" != --version ] || { echo 'HYDRA build details:'; exit 0; }
      kill -\(signal) $PPID
      exec sleep 60
      """)
    let program = try workshop.script("program of MPICH", "echo 'MPI           MPICH 4.0.2'")
    let result = try launch(["-np", "2", "pretrain"], ["SUPCON": program, "SUPCON_MPIRUN": launcher])
    #expect(result.exitCode == 75, "\(result.standardError)")
    #expect(result.standardError.contains("launch: stopped on request before all ranks had started or saved"))
  }
}
