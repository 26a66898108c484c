import Foundation
import TestSupport
import Testing

/// `scripts/launch.sh` with programs in place of a launcher and of `supcon` that behave as MPICH's: what it does
/// depends on their texts and exit codes alone.
struct LaunchScriptTests {
  /// A program that says that it was built for MPICH, and whose rank 1 ends as given.
  private static func program(rankOne: String) -> String {
    """
    if [ "$1" = --version ]; then
      echo 'supcon 0.0.0'
      echo 'MPI           MPICH 4.0.2'
      exit 0
    fi
    [ "${PMI_RANK:-0}" != 1 ] || { \(rankOne); }
    exit 0
    """
  }

  /// Hydra, as far as ranks, hostfile and exit code go: it starts the ranks and ends with 0.
  ///
  /// With `KILL_AT_FIRST` it kills the others after the first that ends, without a word of them.
  private static let hydra = """
    if [ "$1" = --version ]; then
      printf 'HYDRA build details:\\n    Version:                                 4.0.2\\n'
      exit 0
    fi
    options=$*
    echo "launcher options: ${options%% sh -c*}" >&2
    while :; do
      case $1 in
        -n) ranks=$2 && shift 2 ;;
        -f) echo "launcher hosts: $(paste -s -d ' ' "$2")" >&2 && shift 2 ;;
        -bind-to | -iface | -launcher | -launcher-exec) shift 2 ;;
        *) break ;;
      esac
    done
    rank=0
    while [ $rank -lt $ranks ]; do
      if [ -n "${KILL_AT_FIRST:-}" ] && [ $rank = 0 ]; then
        PMI_RANK=0 setsid sleep 0
      else
        PMI_RANK=$rank PMI_SIZE=$ranks "$@" &
      fi
      rank=$((rank + 1))
    done
    wait
    exit 0
    """

  /// Starts two ranks under the launcher of MPICH.
  private func launch(
    rankOne: String, _ options: [String] = ["-np", "2"], _ environment: [String: String] = [:]
  ) throws -> ProcessResult {
    let workshop = try Workshop()
    let program = try workshop.script("program", Self.program(rankOne: rankOne))
    let launcher = try workshop.script("mpiexec.mpich", Self.hydra)
    let result = try runProcess(
      projectRoot.appendingPathComponent("scripts/launch.sh").path, options + ["pretrain"],
      environment: ["SUPCON": program, "SUPCON_MPIRUN": launcher].merging(environment) { _, own in own })
    withExtendedLifetime(workshop) {}
    return result
  }

  @Test func `a rank that was killed decides the exit code, and is named with its host`() throws {
    let result = try launch(rankOne: "kill -KILL $$")
    #expect(result.exitCode == 137, "\(result.standardError)")
    #expect(
      result.standardError.contains(
        "launch: rank 1 on host \(try runProcess("/bin/hostname", []).lastLine) was ended by signal 9 (KILL)"))
    #expect(!result.standardError.contains("launch-report"))
  }

  @Test(arguments: [64, 65, 70, 75] as [Int32])
  func `the exit code of a rank arrives, without a word of the script`(code: Int32) throws {
    let result = try launch(rankOne: "exit \(code)")
    #expect(result.exitCode == code, "\(result.standardError)")
    #expect(!result.standardError.contains("launch: "))
  }

  @Test func `a job whose ranks all end with 0 ends with 0`() throws {
    let result = try launch(rankOne: "exit 0")
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(!result.standardError.contains("launch: "))
  }

  @Test func `a rank that leaves no report is not taken for a success`() throws {
    let result = try launch(rankOne: "exit 0", ["-np", "2"], ["KILL_AT_FIRST": "yes"])
    #expect(result.exitCode == 70, "\(result.standardError)")
    #expect(result.standardError.contains("1 of 2 ranks ended without a result"))
    #expect(result.standardError.contains("continue it with --resume"))
  }

  // A shell that has become another program never asks how its child ended, as Open MPI 4.1.4 where a rank is killed
  // while it connects.
  @Test func `a launcher that does not notice that all its ranks are dead is ended`() throws {
    let workshop = try Workshop()
    let launcher = try workshop.script(
      "mpirun",
      """
      [ "$1" != --version ] || { echo 'mpirun (Open MPI) 4.1.4'; exit 0; }
      true &
      exec sleep 300
      """)
    let program = try workshop.script("program", "echo 'supcon 0.0.0'; echo 'MPI           Open MPI 4.1.4'")
    let result = try runProcess(
      projectRoot.appendingPathComponent("scripts/launch.sh").path, ["-np", "2", "pretrain"],
      environment: ["SUPCON": program, "SUPCON_MPIRUN": launcher, "SUPCON_LAUNCHER_WAIT": "2"])
    withExtendedLifetime(workshop) {}
    #expect(result.exitCode == 70, "\(result.standardError)")
    #expect(result.standardError.contains("all ranks that \(launcher) started here have ended"))
    #expect(result.standardError.contains("continue the job with --resume"))
  }

  // The code of the wait that the signal ended is another one.
  @Test func `the exit code of ranks that end at once after a signal arrives`() throws {
    let workshop = try Workshop()
    let launcher = try workshop.script(
      "mpirun",
      """
      [ "$1" != --version ] || { echo 'mpirun (Open MPI) 4.1.4'; exit 0; }
      trap '' USR1
      kill -TERM $PPID
      exit 75
      """)
    let program = try workshop.script("program", "echo 'supcon 0.0.0'; echo 'MPI           Open MPI 4.1.4'")
    for _ in 0..<10 {
      let result = try runProcess(
        projectRoot.appendingPathComponent("scripts/launch.sh").path, ["-np", "2", "pretrain"],
        environment: ["SUPCON": program, "SUPCON_MPIRUN": launcher])
      #expect(result.exitCode == 75, "\(result.standardError)")
    }
    withExtendedLifetime(workshop) {}
  }

  // Without slots= Open MPI would take all cores of the first host, and it refuses a name that has them twice.
  @Test func `Open MPI gets each host once, with the slots that were counted`() throws {
    let workshop = try Workshop()
    let launcher = try workshop.script(
      "a launcher",
      """
      [ "$1" != --version ] || { echo 'mpirun (Open MPI) 4.1.4'; exit 0; }
      echo "launcher options: $*"
      while [ $# -gt 0 ]; do
        [ "$1" != --hostfile ] || echo "launcher hosts: $(paste -s -d , "$2")"
        shift
      done
      """)
    let program = try workshop.script("program", "echo 'supcon 0.0.0'; echo 'MPI           Open MPI 4.1.4'")
    let hosts = workshop.path("hosts")
    try "127.0.0.1\r\nlocalhost slots=2 max_slots=4 # two\r\n127.0.0.1 slots=2\r\n\r\n".write(
      toFile: hosts, atomically: true, encoding: .utf8)
    let result = try runProcess(
      projectRoot.appendingPathComponent("scripts/launch.sh").path, ["--hostfile", hosts, "--no-check", "pretrain"],
      environment: ["SUPCON": program, "SUPCON_MPIRUN": launcher])
    withExtendedLifetime(workshop) {}
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.standardOutput.contains("launcher options: -n 5 "), "\(result.standardOutput)")
    #expect(
      result.standardOutput.contains("launcher hosts: 127.0.0.1 slots=3,localhost slots=2 max_slots=4\n"),
      "\(result.standardOutput)")
  }

  // A wait that is no number would end every job at once.
  @Test(arguments: ["soon", "0", "-1", "1.5"])
  func `a wait for a launcher that is no number of seconds is refused`(wait: String) throws {
    let result = try launch(rankOne: "exit 0", ["-np", "2"], ["SUPCON_LAUNCHER_WAIT": wait])
    #expect(result.exitCode == 64, "\(result.standardError)")
    #expect(result.standardError.contains("SUPCON_LAUNCHER_WAIT=\(wait): expected a whole number of seconds above 0"))
  }

  @Test func `Hydra gets options and a hostfile of its own kind`() throws {
    let workshop = try Workshop()
    let hosts = workshop.path("hosts")
    try "localhost slots=1\n127.0.0.1 slots=3 # a comment\n".write(toFile: hosts, atomically: true, encoding: .utf8)
    let result = try launch(
      rankOne: "exit 0", ["-np", "2", "--hostfile", hosts, "--no-check", "--interface", "lo", "--agent", "/bin/ssh"])
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.standardError.contains("launcher hosts: localhost:1 127.0.0.1:3"))
    for option in ["-n 2 -bind-to none", "-iface lo", "-launcher ssh -launcher-exec /bin/ssh"] {
      #expect(result.standardError.contains(option), "\(result.standardError)")
    }
  }

  /// The words of mpirun (Open MPI 4 and 5) after a rank has ended with a code, between lines of dashes.
  private static func blocks(code: Int) -> [String: String] {
    [
      "4": """
      Primary job  terminated normally, but 1 process returned
      a non-zero exit code. Per user-direction, the job has been aborted.
      LINE
      LINE
      mpirun detected that one or more processes exited with non-zero status, thus causing
      the job to be terminated. The first process to do so was:

        Process name: [[7354,1],0]
        Exit code:    \(code)
      """,
      "5": """
      prterun detected that one or more processes exited with non-zero status,
      thus causing the job to be terminated. The first process to do so was:

         Process name: [prterun-vm-2@1,0]
         Exit code:    \(code)
      """,
      "abort": """
      MPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD
      with errorcode \(code).

      NOTE: invoking MPI_ABORT causes Open MPI to kill all MPI processes.
      """,
      "signal": "mpirun noticed that process rank 1 with PID 0 on node vm exited on signal 9 (Killed).",
    ]
  }

  @Test(arguments: ["4", "5", "abort", "signal"], [64, 75, 1, 137])
  func `the words of Open MPI that repeat an exit code of supcon are left out`(kind: String, code: Int) throws {
    let workshop = try Workshop()
    let program = try workshop.script("program", "echo 'supcon 0.0.0'; echo 'MPI           Open MPI 4.1.4'")
    let line = String(repeating: "-", count: 74)
    let block = try #require(Self.blocks(code: code)[kind]).replacing("LINE", with: line)
    let launcher = try workshop.script(
      "mpirun",
      """
      if [ "$1" = --version ]; then echo 'mpirun (Open MPI) 4.1.4'; exit 0; fi
      cat >&2 <<'WORDS'
      Error: what is wrong
      \(line)
      \(block)
      \(line)
      the end
      WORDS
      exit \(code)
      """)
    let result = try runProcess(
      projectRoot.appendingPathComponent("scripts/launch.sh").path, ["-np", "2", "pretrain"],
      environment: ["SUPCON": program, "SUPCON_MPIRUN": launcher])
    #expect(result.exitCode == Int32(code))
    let isRepetition = kind != "signal" && (64...78).contains(code)
    let expected =
      ["Error: what is wrong"]
      + (isRepetition
        ? [] : [line] + block.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) + [line]) + [
        "the end"
      ]
    let found = result.standardError.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      .dropLast()
    #expect(found.sorted() == expected.sorted(), "\(result.standardError)")
  }

  @Test func `a launcher of another MPI is not taken`() throws {
    let workshop = try Workshop()
    let program = try workshop.script("program", Self.program(rankOne: "exit 0"))
    let launcher = try workshop.script("mpirun", "echo 'mpirun (Open MPI) 4.1.4'")
    let result = try runProcess(
      projectRoot.appendingPathComponent("scripts/launch.sh").path, ["-np", "2", "pretrain"],
      environment: ["SUPCON": program, "SUPCON_MPIRUN": launcher])
    #expect(result.exitCode == 69)
    #expect(result.standardError.contains("no launcher of MPICH 4.0.2 is on the PATH (\(launcher) is none)"))
  }

  // MARK: - Libraries

  @Test(
    arguments: [
      ("error while loading shared libraries: libdnnl.so.2: cannot open shared object file", "oneDNN 2", "libdnnl2"),
      (
        "/lib/libturbojpeg.so.0: version `TURBOJPEG_2.0' not found (required by supcon)", "TurboJPEG 2",
        "libturbojpeg0"
      ),
      ("/lib/libcrypto.so.3: version `OPENSSL_3.0.0' not found (required by supcon)", "OpenSSL 3", "libssl3"),
      ("/lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found (required by supcon)", "C++ library", "libstdc++6"),
      ("/lib/libm.so.6: version `GLIBC_2.38' not found (required by supcon)", "a C library as new as", "oldest host"),
      ("symbol lookup error: supcon: undefined symbol: dnnl_primitive_execute", "oneDNN", "libdnnl3.6"),
      (
        "error while loading shared libraries: libodd.so.7: cannot open shared object file", "libodd.so.7",
        "cannot open"
      ),
    ] as [(String, String, String)])
  func `the words of the loader become a library and its package`(words: String, library: String, package: String)
    throws
  {
    let workshop = try Workshop()
    let program = try workshop.script("program", "echo \"$0: \(words.replacing("`", with: "\\`"))\" >&2; exit 127")
    let result = try runProcess(
      projectRoot.appendingPathComponent("scripts/launch.sh").path, ["-np", "1", "recipe"],
      environment: ["SUPCON": program])
    #expect(result.exitCode == 69, "\(result.standardError)")
    #expect(result.standardError.contains("does not start on") && result.standardError.contains("it lacks "))
    #expect(result.standardError.contains(library) && result.standardError.contains(package), "\(result.standardError)")
  }

  @Test func `a file that is no library is told with the library's package`() throws {
    let workshop = try Workshop()
    for name in ["libdnnl.so.2", "libdnnl.so.3", "libdnnl.so.3.6", "libdnnl.so.3.7"] {
      try "".write(toFile: workshop.path(name), atomically: true, encoding: .utf8)
    }
    let result = try runProcess(
      projectRoot.appendingPathComponent("scripts/launch.sh").path, ["-np", "1", "recipe"],
      environment: ["SUPCON": try builtExecutable("supcon"), "LD_LIBRARY_PATH": workshop.path(".")])
    #expect(result.exitCode == 69, "\(result.standardError)")
    #expect(result.standardError.contains("it lacks oneDNN") && result.standardError.contains("libdnnl"))
  }

  // MARK: - Hosts

  /// The agent takes the place of ssh, and changes what the other host says of itself.
  @Test(
    arguments: [
      ("s/^MPI .*/MPI           Open MPI 9.8.7/", "loads another MPI (Open MPI 9.8.7)", 69),
      (
        "s/^launcher .*/launcher mpirun (Open MPI) 9.8.7/", "another version of the launcher (mpirun (Open MPI) 9.8.7)",
        69
      ),
      (
        "s/^supcon .*/supcon: error while loading shared libraries: libdnnl.so.2: cannot open/",
        "does not start on host elsewhere: it lacks oneDNN 2", 69
      ),
      (
        "s/^MPI .*/MPI           not found: libmpich.so.12: cannot open, compiled for MPICH 4.0.2/",
        "finds no MPI on host elsewhere: it lacks MPICH 3.2 or later, Intel MPI or Cray MPICH (Debian: mpich)", 69
      ),
    ] as [(String, String, Int32)])
  func `another MPI on another host is named with both versions`(change: String, message: String, code: Int32) throws {
    let workshop = try Workshop()
    let agent = try workshop.script("agent", "sh -c \"$2\" 2>&1 | sed '\(change)'")
    // A name that has an address and is not this host's.
    _ = try workshop.script("getent", "exit 0")
    try "elsewhere slots=2\n".write(toFile: workshop.path("hosts"), atomically: true, encoding: .utf8)
    let result = try runProcess(
      projectRoot.appendingPathComponent("scripts/launch.sh").path,
      ["--hostfile", workshop.path("hosts"), "--agent", agent, "doctor"],
      environment: [
        "SUPCON": try builtExecutable("supcon"),
        "PATH": "\(workshop.path(".")):\(ProcessInfo.processInfo.environment["PATH"] ?? "")",
      ])
    #expect(result.exitCode == code, "\(result.standardError)")
    #expect(result.standardError.contains("host elsewhere"))
    #expect(result.standardError.contains(message), "\(result.standardError)")
  }
}
