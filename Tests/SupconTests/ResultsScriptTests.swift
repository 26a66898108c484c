import Foundation
import TestSupport
import Testing

/// `scripts/results/*.sh` and `scripts/pack-encoder.sh` with a program in place of `supcon`, which writes at once what
/// the scripts read of runs: they depend on its files and exit codes alone.
struct ResultsScriptTests {
  /// Writes down its commands in $CALLS; $FAILS names the command that fails, with $CODE, $WAITS the one that goes on
  /// until it is stopped.
  private static let program = #"""
    case $1 in
      --version) exit ;;
      recipe)
        for name in ours cifar10-resnet20-supcon-200e cifar10-resnet20-supcon-autoaugment-200e; do
          echo "  $name  A title (supcon pretrain)"
        done
        echo "  theirs  A title (supcon supervised)"
        exit
        ;;
      plan) exit 66 ;;
    esac
    echo "$*" >>"$CALLS"
    [ "$1" != "${FAILS:-}" ] || exit "${CODE:-65}"
    if [ "$1" = "${WAITS:-}" ]; then
      trap 'echo "$1 stopped" >>"$CALLS"; exit 75' TERM INT USR1
      : >"$CALLS.waits"
      for turn in $(seq 300); do sleep 0.1; done
    fi
    now=$(printf '2026-01-01T00:%02d:00Z' "$(wc -l <"$CALLS")")
    command=$1 top1=0.9125 line="\"$0\"" previous=''
    case $command in
      linear | evaluate) case $2 in -*) ;; *) run=$2 ;; esac ;;
    esac
    for word in "$@"; do
      line="$line,
        \"$word\""
      case $previous in
        --output) folder=$word ;;
        --run) run=$word ;;
        --augmentation) top1=0.925 ;;
      esac
      previous=$word
    done
    case $command in
      linear) folder=$run/linear ;;
      evaluate) folder=$run/evaluation ;;
      export)
        echo weights >"$folder"
        printf '  %s\n' "# models is that of https://github.com/GuillaumeErhard" "load(\"$folder\")"
        exit
        ;;
    esac
    mkdir -p "$folder/checkpoints"
    : >"$folder/checkpoints/latest"
    printf '%s\n' 'init: /a/b/first' 'teacher: /a/c/second' 'epochs: 1' >"$folder/config.yaml"
    echo '{"epoch":1,"kind":"epoch","loss":3.5,"seconds":5400.0,"steps_counted":195}' >"$folder/metrics.jsonl"
    cat >"$folder/summary.json" <<JSON
    {
      "class_means_top1" : 0.875,
      "command" : "$command",
      "command_line" : [
        $line
      ],
      "ece" : 0.03415,
      "ended" : "$now",
      "epochs" : 1,
      "knn_top1" : 0.9,
      "linear_top1" : $top1,
      "model" : "resnet20",
      "started" : "$now",
      "status" : "finished",
      "top1" : $top1,
      "weights_sha256" : "0123456789abcdef0123"
    }
    JSON
    """#

  private static let row = "| ours | 91.25 | 90.00 | 87.50 | 0.0341 | 1 | 1.5 | - | 0123456789abcdef |"

  private let workshop: Workshop
  private let program: String

  init() throws {
    workshop = try Workshop()
    program = try workshop.script("program", Self.program)
  }

  private func run(
    _ script: String, _ arguments: [String], _ environment: [String: String] = [:]
  ) throws -> ProcessResult {
    try runProcess(
      projectRoot.appendingPathComponent("scripts/\(script)").path, arguments,
      environment: ["SUPCON": program, "CALLS": workshop.path("calls")].merging(environment) { _, own in own })
  }

  /// Repeats the recipe `ours`.
  private func reproduce(_ options: [String] = [], _ environment: [String: String] = [:]) throws -> ProcessResult {
    try run("results/reproduce.sh", ["ours", workshop.data, workshop.path("out")] + options, environment)
  }

  /// The commands that were given to the program since the last question.
  private func calls() throws -> [String] {
    let path = workshop.path("calls")
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  private func commands() throws -> [String] {
    try calls().compactMap { call in call.split(separator: " ").first.map(String.init) }
  }

  // MARK: - reproduce.sh

  // `nproc` takes a number of threads in the environment for that of CPUs; it ignores an empty one.
  @Test func `the threads of a training do not follow OMP_NUM_THREADS`() throws {
    var found: [Substring?] = []
    for threads in ["", "1", "500"] {
      try succeeding(reproduce([], ["OMP_NUM_THREADS": threads]))
      found.append(try calls().first?.firstMatch(of: /--threads ([0-9]+)/)?.1)
    }
    #expect(found[0] != nil && found[1] == found[0] && found[2] == found[0], "\(found)")
  }

  @Test func `what is measured is printed again, and not measured again`() throws {
    let first = try reproduce()
    #expect(first.lastLine == Self.row, "\(first.standardError)")
    #expect(try commands() == ["pretrain", "linear", "evaluate"])
    #expect(try reproduce().lastLine == Self.row)
    #expect(try commands() == ["pretrain"])
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/i18n/locales/de_DE")))
  func `numbers have a decimal point in a language with decimal commas`() throws {
    _ = try runProcess("/usr/bin/env", ["localedef", "-i", "de_DE", "-f", "UTF-8", workshop.path("de_DE.UTF-8")])
    let result = try reproduce([], ["LOCPATH": workshop.path("."), "LC_ALL": "de_DE.UTF-8"])
    #expect(result.lastLine == Self.row, "\(result.standardError)")
  }

  @Test func `options of the linear stage are given behind two dashes, named in the row, and kept`() throws {
    let options = ["--epochs", "1", "--", "--augmentation", "crop-flip"]
    #expect(
      try reproduce(options).lastLine.hasPrefix("| ours, linear --augmentation crop-flip | 92.50 | 90.00 |"))
    let made = try calls()
    #expect(made.count == 3)
    #expect(made.first?.hasSuffix(" --epochs 1") == true)
    #expect(made.dropFirst().first?.hasSuffix(" --augmentation crop-flip") == true)
    #expect(try reproduce(options).exitCode == 0)
    #expect(try commands() == ["pretrain"])

    let other = try reproduce(["--epochs", "1"])
    #expect(other.exitCode == 78)
    #expect(
      other.standardError.contains(
        "\(workshop.path("out"))/ours/linear: was trained with --augmentation=crop-flip, not with the default options"
      ), "\(other.standardError)")
    try FileManager.default.removeItem(atPath: workshop.path("out/ours/linear"))
    #expect(try reproduce(["--epochs", "1"]).lastLine == Self.row)
  }

  @Test func `a classifier that is newer than the measures is measured again`() throws {
    try succeeding(reproduce())
    let summary = workshop.path("out/ours/linear/summary.json")
    let text = try String(contentsOfFile: summary, encoding: .utf8)
    try text.replacing("2026-01-01", with: "2026-01-02").write(toFile: summary, atomically: true, encoding: .utf8)
    _ = try calls()
    #expect(try reproduce().exitCode == 0)
    #expect(try commands() == ["pretrain", "evaluate"])
  }

  @Test(
    arguments: [
      (["ours", "--", "--finetune"], "--finetune: behind -- expected options of supcon linear"),
      (["ours", "--", "--epochs"], "--epochs: needs a value"),
      (["ours", "--recipe=theirs"], "give another RECIPE"),
      (["ours", "--output", "x"], "--output: the run lies in OUT"),
      (["theirs", "--", "--epochs", "3"], "theirs: trains a classifier of its own"),
      (["mine"], "RECIPE mine: there is no such recipe"),
    ] as [([String], String)])
  func `wrong arguments are named before anything begins`(arguments: [String], part: String) throws {
    let result = try run(
      "results/reproduce.sh", [arguments[0], workshop.data, workshop.path("out")] + arguments.dropFirst())
    #expect(result.exitCode == 64)
    #expect(result.standardError.contains(part), "\(result.standardError)")
    #expect(try calls().isEmpty)
    #expect(!FileManager.default.fileExists(atPath: workshop.path("out")))
  }

  @Test(arguments: ["pretrain", "linear", "evaluate"], [75, 65])
  func `a command that was stopped or has failed is told with what to do`(command: String, code: Int) throws {
    let result = try reproduce([], ["FAILS": command, "CODE": "\(code)"])
    #expect(result.exitCode == Int32(code))
    let run = workshop.path("out/ours")
    let advice = code == 75 ? "start this script again to continue" : "see \(run).log"
    #expect(result.standardError.contains("\(run): ended with \(code); \(advice)"), "\(result.standardError)")
  }

  @Test(arguments: [
    ["reproduce.sh", "ours"], ["restarts.sh"], ["ablation.sh"], ["curves.sh"], ["large-batches.sh"],
  ])
  func `SIGTERM to a script stops its training, which saves`(script: [String]) throws {
    let arguments = script.dropFirst() + [workshop.data, workshop.path("out")]
    let job = BackgroundJob(
      "/usr/bin/env",
      [
        "SUPCON=\(program)", "CALLS=\(workshop.path("calls"))", "WAITS=pretrain",
        projectRoot.appendingPathComponent("scripts/results/\(script[0])").path,
      ] + arguments)
    try waitUntil { FileManager.default.fileExists(atPath: workshop.path("calls.waits")) }
    kill(try #require(job.processIdentifier), SIGTERM)
    let result = try job.result()
    #expect(result.exitCode == 75, "\(result.standardError)")
    let times = result.standardError.ranges(of: "ended with 75; start this script again to continue").count
    #expect(times == 1, "\(result.standardError)")
    #expect(try calls().last == "pretrain stopped")
  }

  // MARK: - Tables of several runs

  @Test(arguments: [("1", "0"), ("2", "1"), ("5", "1"), ("200", "5")])
  func `a short training of restarts.sh leaves the warm-up`(epochs: String, warmup: String) throws {
    try succeeding(run("results/restarts.sh", [workshop.data, workshop.path("out"), epochs, "\(epochs):0.05"]))
    let trainings = try calls().filter { call in call.hasPrefix("pretrain ") }
    #expect(trainings.count == 2 && trainings[0].hasSuffix(" --epochs \(epochs) --warmup-epochs \(warmup)"))
    #expect(trainings[1].contains(" --warmup-epochs \(epochs == "1" ? 0 : 1) "), "\(trainings)")
  }

  @Test func `an import that was interrupted is made anew`() throws {
    let arguments = [workshop.data, workshop.path("out"), "3", "60:0.05"]
    let first = try run("results/restarts.sh", arguments)
    #expect(first.exitCode == 0, "\(first.standardError)")
    #expect(first.standardOutput.split(separator: "\n").count == 4, "\(first.standardOutput)")
    let begun = try calls()
    #expect(begun.count { call in call.hasPrefix("import ") } == 1)
    // The first encoder is not scaled, and its import follows it; the restarts are.
    let restart = begun.first { call in call.hasPrefix("pretrain ") && call.contains(" --init ") }
    #expect(restart?.contains(" --normalize-encoder ") == true, "\(begun)")
    try succeeding(run("results/restarts.sh", arguments))
    #expect(try !commands().contains("import"))
    for half in ["summary.json", "checkpoints/latest"] {
      try FileManager.default.removeItem(atPath: workshop.path("out/imported-1/\(half)"))
      try Data().write(to: URL(fileURLWithPath: workshop.path("out/imported-1/left")))
      try succeeding(run("results/restarts.sh", arguments))
      #expect(try commands().contains("import"), "\(half)")
      #expect(!FileManager.default.fileExists(atPath: workshop.path("out/imported-1/left")), "\(half)")
    }
  }

  @Test func `a second script leaves the table of the first alone`() throws {
    let out = workshop.path("out")
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    try "the first's".write(toFile: "\(out)/table.md", atomically: true, encoding: .utf8)
    let result = try runProcess(
      "/usr/bin/env",
      [
        "flock", "\(out)/.scripts-lock", projectRoot.appendingPathComponent("scripts/results/large-batches.sh").path,
        workshop.data, out, "10", "256",
      ], environment: ["SUPCON": program, "CALLS": workshop.path("calls")])
    #expect(result.exitCode == 75, "\(result.standardError)")
    #expect(result.standardError.contains("OUT \(out): another script"))
    #expect(try String(contentsOfFile: "\(out)/table.md", encoding: .utf8) == "the first's")
    #expect(try calls().isEmpty)
  }

  @Test(arguments: ["--epochs", "--batch-size", "--batch-norm", "--learning-rate"])
  func `what a table says of its rows is no option`(option: String) throws {
    let result = try run(
      "results/large-batches.sh", [workshop.data, workshop.path("out"), "10", "256", "\(option)=1"])
    #expect(result.exitCode == 64)
    #expect(result.standardError.contains("large-batches: \(option): is "), "\(result.standardError)")
    #expect(try calls().isEmpty)
  }

  // MARK: - pack-encoder.sh

  @Test func `a card names the models' repository once, and what the options refer to`() throws {
    try succeeding(reproduce())
    let folder = workshop.path("packed [a]|b")
    let result = try run("pack-encoder.sh", [workshop.path("out/ours"), folder])
    #expect(result.exitCode == 0, "\(result.standardError)")
    let card = try String(contentsOfFile: "\(folder)/README.md", encoding: .utf8)
    #expect(card.components(separatedBy: "GuillaumeErhard").count == 2, "\(card)")
    #expect(card.contains("    load(\"encoder.safetensors\")\n"), "\(card)")
    #expect(card.contains("; what stands behind `init` and `teacher` has to be there)"), "\(card)")
    #expect(card.contains("    init: first\n    teacher: second\n"))
  }

  @Test func `an encoder that was packed in part is taken away, and packed by the same command`() throws {
    try succeeding(reproduce())
    let arguments = [workshop.path("out/ours"), workshop.path("packed")]
    let failed = try run("pack-encoder.sh", arguments, ["FAILS": "import"])
    #expect(failed.exitCode == 65, "\(failed.standardError)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.path("packed")).isEmpty)
    #expect(try run("pack-encoder.sh", arguments).exitCode == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: workshop.path("packed")).sorted()
        == ["README.md", "card.json", "encoder.safetensors", "model.onnx"])
  }

  @Test func `measures of earlier weights are not put on a card`() throws {
    try succeeding(reproduce())
    let summary = workshop.path("out/ours/summary.json")
    let text = try String(contentsOfFile: summary, encoding: .utf8)
    try text.replacing("0123456789abcdef0123", with: "fedcba9876543210fedc").write(
      toFile: summary, atomically: true, encoding: .utf8)
    let result = try run("pack-encoder.sh", [workshop.path("out/ours"), workshop.path("packed")])
    #expect(result.exitCode == 66)
    #expect(result.standardError.contains("is missing, or of earlier weights; run: supcon evaluate"))
    #expect(!FileManager.default.fileExists(atPath: workshop.path("packed")))
  }
}
