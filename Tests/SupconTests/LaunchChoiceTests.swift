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

  // MARK: - Cores

  /// Starts the script on eight CPUs, whatever this machine has, of which some are hardware threads of one core.
  private func launchOnEightProcessors(threadsOfCore: Int, _ arguments: [String]) throws -> ProcessResult {
    let tools = workshop.path("tools")
    try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
    _ = try workshop.script("tools/nproc", "echo 8")
    let allowed = "case $* in *Cpus_allowed_list*) echo 0-5,6,7; exit 0 ;; esac"
    _ = try workshop.script("tools/sed", "\(allowed)\nexec /bin/sed \"$@\"")
    let command = """
      \(Self.hideControlGroups) && mount -t tmpfs none /sys/devices/system/cpu || exit
      for cpu in 0 1 2 3 4 5 6 7; do
        folder=/sys/devices/system/cpu/cpu$cpu/topology
        mkdir -p $folder && echo core $((cpu / \(threadsOfCore))) >$folder/thread_siblings_list
      done
      PATH=\(tools):$PATH exec "$@"
      """
    return try launch(arguments, below: ["unshare", "--mount", "sh", "-c", command, "sh"])
  }

  /// The launcher's options.
  private func settings(of result: ProcessResult) -> String {
    let line = result.standardOutput.split(separator: "\n").first { line in line.hasPrefix("launcher options: ") }
    return line.map(String.init) ?? result.standardError
  }

  // Two ranks of two threads that are tied to the first four of eight cores leave the second socket idle.
  @Test(
    .enabled(if: canHideControlGroups, "needs root and mount namespaces"),
    arguments: [(1, 2, 2, 4), (1, 3, 2, 2), (1, 8, 1, 1), (2, 2, 1, 2), (2, 2, 3, 3)])
  func `ranks are tied to all cores of this machine`(
    threadsOfCore: Int, ranks: Int, threads: Int, cores: Int
  ) throws {
    let options = ["-np", "\(ranks)", "--bind", "pretrain", "--threads", "\(threads)"]
    let found = settings(of: try launchOnEightProcessors(threadsOfCore: threadsOfCore, options))
    #expect(found.contains(" -n \(ranks) --map-by slot:PE=\(cores) --bind-to core "), "\(found)")
  }

  // Open MPI has a slot for each core, and refuses more ranks.
  @Test(
    .enabled(if: canHideControlGroups, "needs root and mount namespaces"),
    arguments: [
      (1, [], false), (1, ["-np", "9"], true), (2, ["-np", "4"], false), (2, ["-np", "5"], true), (2, [], true),
    ] as [(Int, [String], Bool)])
  func `ranks on several hardware threads of a core are more than there are slots`(
    threadsOfCore: Int, ranks: [String], isMore: Bool
  ) throws {
    let found = settings(of: try launchOnEightProcessors(threadsOfCore: threadsOfCore, ranks + ["pretrain"]))
    #expect(found.contains(" -n \(ranks.last ?? "8") "), "\(found)")
    #expect(found.contains(" --oversubscribe ") == isMore, "\(found)")
  }

  // Another container with a quota would take the same cores.
  @Test(
    .enabled(if: canHideControlGroups, "needs root and mount namespaces"),
    arguments: [("max 100000", " --bind-to core "), ("50000 100000", " --bind-to none ")])
  func `a proposal ties no ranks to cores if a quota limits their time`(quota: String, binding: String) throws {
    let program = try workshop.script(
      "bound",
      """
      [ "$1" = plan ] || { echo 'MPI           Open MPI 4.1.4'; exit 0; }
      echo '"ranks" : 2,'
      echo '"binding" : "core",'
      echo '"threads_per_rank" : 1'
      """)
    let command = "\(Self.hideControlGroups) && echo \(quota) >/sys/fs/cgroup/cpu.max && exec \"$@\""
    let result = try launch(
      ["--auto", "pretrain"], ["SUPCON": program], below: ["unshare", "--mount", "sh", "-c", command, "sh"])
    #expect(settings(of: result).contains(binding), "\(settings(of: result))")
  }

  // MARK: - Proposals

  // supcon plan knows none of those of a run's files, its end and its output.
  @Test func `a proposal is asked for with the options that decide a run's memory alone`() throws {
    let ofTheRun = [
      "--resume", "--output", "run", "--extend-epochs", "9", "--extend-epochs=9", "--max-time", "3h", "--quiet",
      "--verbose", "--check-ranks", "2", "--check-numerics",
    ]
    let result = try launch(["--auto", "pretrain"] + ofTheRun + ["--model", "resnet8"])
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.standardError.contains("asked: plan --propose --json --model resnet8\n"), "\(result.standardError)")
    #expect(ranks(of: result) == "3", "\(result.standardOutput)")
    #expect(result.standardOutput.contains(" --model resnet8 --threads 2\n"), "\(result.standardOutput)")
  }

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

  // Open MPI's ranks are asked to stop by SIGUSR1, those of MPICH by SIGTERM; a launcher that has not started its ranks
  // yet is ended by either.
  @Test(
    arguments: ["TERM", "USR1"],
    [
      (launcher: "mpirun", version: "mpirun (Open MPI) 4.1.4", library: "Open MPI 4.1.4"),
      (launcher: "mpiexec.mpich", version: "HYDRA build details:", library: "MPICH 4.0.2"),
    ])
  func `a job that is stopped before the launcher heeds signals ends with 75`(
    signal: String, mpi: (launcher: String, version: String, library: String)
  ) throws {
    let launcher = try workshop.script(
      mpi.launcher,
      """
      [ "$1" != --version ] || { echo '\(mpi.version)'; exit 0; }
      kill -\(signal) $PPID
      exec sleep 60
      """)
    let program = try workshop.script("other", "echo 'supcon 0.0.0'; echo 'MPI           \(mpi.library)'")
    let result = try launch(["-np", "2", "pretrain"], ["SUPCON": program, "SUPCON_MPIRUN": launcher])
    #expect(result.exitCode == 75, "\(result.standardError)")
    #expect(result.standardError.contains("launch: stopped on request before all ranks had started or saved"))
  }
}
