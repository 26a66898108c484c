import TestSupport
import Testing

/// Usage errors: exit code 64 before anything is written.
struct UsageTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    /// Required parts of the message: the subject, the expected value, the remedy.
    let parts: [String]

    init(_ arguments: [String], naming parts: [String]) {
      self.arguments = arguments
      self.parts = parts
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  @Test(arguments: [
    Mistake(["contrast"], naming: ["contrast", "expected one of", "pretrain", "linear"]),
    Mistake(["test"], naming: ["test", "did you mean 'evaluate'?"]),
    Mistake(["info"], naming: ["info", "did you mean 'dataset info'?"]),
    Mistake(["pretrain", "--loss", "NT-Xent"], naming: ["--loss NT-Xent", "did you mean 'simclr'?"]),
    Mistake(["pretran"], naming: ["pretran", "did you mean 'pretrain'?"]),
    Mistake(["pretrain", "--epoch-count", "3"], naming: ["--epoch-count", "supcon pretrain --help"]),
    Mistake(["pretrain", "--resume", "runs/a"], naming: ["--resume runs/a: takes no value", "--output"]),
    Mistake(["pretrain", "--log-interval", "3"], naming: ["--log-interval", "'--log-steps'"]),
    Mistake(["pretrain", "--overwrite"], naming: ["--overwrite", "another --output"]),
    Mistake(["pretrain", "--output", ""], naming: ["--output", "found an empty text"]),
    Mistake(["embed", "--run=", "--output", "x"], naming: ["--run", "found an empty text"]),
    Mistake(["evaluate", "--run", "x", "--threads", "100000"], naming: ["--threads 100000", "at most 1024"]),
    Mistake(["pretrain", "--max-time", "00:00"], naming: ["--max-time", "00:00", "above 0"]),
    Mistake(["pretrain", "--max-time", "0x10m"], naming: ["--max-time 0x10m", "a time above 0"]),
    Mistake(["linear", "x", "--learning-rate", "0x10"], naming: ["'0x10'", "--learning-rate"]),
    Mistake(["loss", "--embeddings", "z.npy", "--temperature", "0x1"], naming: ["'0x1'", "--temperature"]),
    Mistake(["evaluate", "x", "--stall-timeout", "0x10"], naming: ["'0x10'", "--stall-timeout"]),
    Mistake(
      ["import", "--layout", "ge"],
      naming: ["missing --weights <file>, --model <model>, --dataset <dataset>", "Example: supcon import"]),
    Mistake(["export"], naming: ["missing --output <file>; no run directory", "'supcon export --help'"]),
    Mistake(["plan", "--data", " "], naming: ["--data", "found an empty text"]),
    Mistake(
      ["pretrain", "--model", "resnet21"], naming: ["--model resnet21", "expected", "did you mean 'resnet20'?"]),
    Mistake(["pretrain", "--batch-size", "-5"], naming: ["--batch-size -5", "at least 1"]),
    Mistake(["linear", "--run", "x", "--epochs", "-1"], naming: ["--epochs -1", "at least 1"]),
    Mistake(
      ["pretrain", "--mean", "-1,0,0", "--std", "1,1,1"], naming: ["--mean -1,0,0", "three numbers from 0 to 1"]),
    Mistake(["pretrain", "--std", "-.5,1,1", "--mean", "0,0,0"], naming: ["--std -.5,1,1", "three numbers above 0"]),
    Mistake(["pretrain", "--max-time", "-1"], naming: ["--max-time -1", "a time above 0"]),
    Mistake(["supervised", "--max-time", "-2h"], naming: ["--max-time -2h", "a time above 0"]),
    Mistake(["sweep", "s.yaml", "--max-time", "-1"], naming: ["--max-time -1", "a time above 0"]),
    Mistake(["bench", "--steps", "-1.5"], naming: ["'-1.5'", "--steps"]),
    Mistake(["pretrain", "--lr", "0.1"], naming: ["--lr", "did you mean '--learning-rate'?"]),
    Mistake(["supervised", "--wd=0.1"], naming: ["--wd", "did you mean '--weight-decay'?"]),
    Mistake(["bench", "--amp"], naming: ["--amp'; give --precision bfloat16 (the default, auto"]),
    Mistake(["pretrain", "--fp16"], naming: ["--fp16'; give --precision bfloat16"]),
    Mistake(["pretrain", "--syncBN"], naming: ["--syncBN'; give --batch-norm global"]),
    Mistake(["pretrain", "--cosine"], naming: ["--cosine'; give --schedule cosine, which is the default"]),
    Mistake(
      ["linear", "x", "--validation-fraction", "0.2"],
      naming: ["supcon linear has no --validation-fraction; supcon pretrain has"]),
    Mistake(["predict", "new.jpg"], naming: ["new.jpg: is an image", "supcon predict RUN new.jpg"]),
    Mistake(
      ["linear", "--run", "x", "--batch-size", "16"],
      naming: ["--batch-size 16 is smaller than --shard-size 32; give --shard-size 16 (one shard) or 8 (two) too"]),
    Mistake(["version"], naming: ["did you mean 'supcon --version'?"]),
    Mistake(["-v"], naming: ["did you mean 'supcon --version'?"]),
    Mistake(["plan", "--bs", "32"], naming: ["--bs", "did you mean '--batch-size'?"]),
    Mistake(["pretrain", "--run", "x"], naming: ["--run", "did you mean '--output'?"]),
    Mistake(["linear", "x", "--steps", "3"], naming: ["--steps", "did you mean '--epochs'?"]),
    Mistake(["predict", "x", "--json"], naming: ["--json", "did you mean '--format'?"]),
    Mistake(["dataset", "prevew", "--data", "x"], naming: ["'dataset prevew'", "did you mean 'dataset preview'?"]),
    Mistake(
      ["embed", "x", "--output", "y", "--precision", "bf16"], naming: ["--precision bf16", "did you mean 'bfloat16'?"]),
    Mistake(
      ["embed", "x", "--output", "r.csv"],
      naming: ["--output r.csv: ends in .csv, but is written as a NumPy array; give a name that ends in .npy"]),
    Mistake(
      ["embed", "x", "--output", "r.npy", "--labels", "y.csv"], naming: ["--labels y.csv: ends in .csv", ".npy"]),
    Mistake(
      ["embed", "x", "--output", "r.npy", "--table", "r.npy.json"],
      naming: ["--table r.npy.json: ends in .json, but is written as a table", ".csv"]),
    Mistake(
      ["loss", "--embeddings", "z.npy", "--labels", "y.npy", "--gradient", "g.npz"],
      naming: ["--gradient g.npz: ends in .npz", "ends in .npy"]),
    Mistake(
      ["loss", "--embeddings", "z.npy", "--labels", "y.npy", "--loss", "sincere", "--denominator", "only-negatives"],
      naming: ["--denominator only-negatives: --loss sincere has denominators of its own", "leave one of the two out"]),
    Mistake(
      ["dataset", "synthesize", "--output", "x", "--train", "100000000"],
      naming: ["--train 100000000", "at most 10000000"]),
    Mistake(["dataset", "synthesize", "--output", "x", "--test", "0"], naming: ["--test 0", "at least 1"]),
    Mistake(["pretrain", "--activation-memory", "128"], naming: ["--activation-memory 128", "such as 128MB"]),
    Mistake(["bench", "--json", "b.csv"], naming: ["--json b.csv: ends in .csv, but is written as a JSON file"]),
    Mistake(
      ["embed", "x", "a.png", "--output", "r.npy", "--split", "train"],
      naming: ["--split train: goes with the run's dataset; leave it out, or the images"]),
    Mistake(
      ["embed", "x", "a.png", "--split", "test", "--output", "r.npy"], naming: ["--split test: goes with"]),
    Mistake(["pretrain", "--extend-epochs", "9"], naming: ["--extend-epochs 9", "goes with --resume"]),
    Mistake(["evaluate", "x", "--ood-dataset", "folder"], naming: ["--ood-dataset folder", "needs --ood-data"]),
    Mistake(["help", "nonsense"], naming: ["no help on 'nonsense'", "expected a command"]),
    Mistake(["supervised", "--temperature", "0.1"], naming: ["--temperature 0.1", "choose supcon pretrain"]),
    Mistake(["linear"], naming: ["--run"]),
    Mistake(["linear", "--run", "x", "--batch-size", "100"], naming: ["--batch-size 100", "--shard-size 32"]),
  ])
  func optionsAreRefused(_ mistake: Mistake) throws {
    try Workshop().expectRefusal(mistake.arguments, 64, naming: mistake.parts)
  }

  @Test func `what is nothing like any option is not guessed at, and a wrong recipe is told without the root's usage`()
    throws
  {
    let workshop = try Workshop()
    let odd = try workshop.run(["linear", "--frobnicate"])
    #expect(odd.standardError.contains("Unknown option '--frobnicate'") && !odd.standardError.contains("ean '"))
    // It has no --resume, and replaces its output.
    let foreign = try workshop.run(["embed", "x", "--output", "y.npy", "--overwrite"])
    #expect(foreign.standardError.contains("Unknown option '--overwrite'") && !foreign.standardError.contains("resume"))
    let recipe = try workshop.run(["recipe", "nope"])
    #expect(recipe.exitCode == 64)
    #expect(recipe.standardError.hasPrefix("Error: recipe nope: no recipe has this name; expected one of"))
    #expect(!recipe.standardError.contains("Usage"))
  }

  @Test(arguments: ["--threads=-100", "--threads=9223372036854775807"])
  func `a wrong number of threads is not tried against the limit of the user`(option: String) throws {
    // Below 4096, threads are started to try the limit; shells differ in the option that sets it.
    let limit = "ulimit -S -p 3000 2>/dev/null || ulimit -S -u 3000; exec \"$0\" \"$@\""
    let result = try runProcess("/bin/sh", ["-c", limit, builtExecutable("supcon"), "evaluate", "x", option])
    expectRefusal(result, 64, naming: ["--threads", "expected at"])
  }

  @Test func `a value may end with an equals sign`() throws {
    let result = try Workshop().runInside(["evaluate", "--run=runs/lr="])
    expectRefusal(result, 66, naming: ["runs/lr=: does not exist"])
  }

  @Test func moreRanksThanShardsAreRefused() throws {
    let workshop = try Workshop()
    let before = try FolderSnapshot(workshop.path("."))
    let result = try workshop.pretrain(
      "new", ranks: 3, configuration: ["--batch-size", "32", "--shard-size", "16"], [])
    expectRefusal(result, 64, naming: ["3 ranks", "2 shards", "start at most 2 ranks"])
    let changes = try FolderSnapshot(workshop.path(".")).changes(since: before)
    #expect(changes.isEmpty)
  }
}

/// Help and version: printed once, for any number of ranks.
struct HelpTests {
  @Test(arguments: [1, 3])
  func helpAndVersionPrintOnce(ranks: Int) throws {
    let workshop = try Workshop()
    let help = try workshop.run(ranks: ranks, ["--help"])
    #expect(help.exitCode == 0)
    #expect(help.standardOutput.ranges(of: "USAGE: supcon").count == 1)
    for command in ["pretrain", "linear", "evaluate", "loss", "bench", "doctor"] {
      #expect(help.standardOutput.contains(command))
    }

    let version = try workshop.run(ranks: ranks, ["--version"])
    #expect(version.exitCode == 0)
    let lines = version.standardOutput.split(whereSeparator: \.isNewline)
    #expect(lines.filter { line in line.hasPrefix("supcon ") }.count == 1 && lines.count == 6)
    #expect(lines.first?.split(separator: ".").count == 3)

    let pretrain = try workshop.run(ranks: ranks, ["pretrain", "--help"])
    #expect(pretrain.exitCode == 0)
    #expect(pretrain.standardOutput.ranges(of: "USAGE: supcon pretrain").count == 1)
    #expect(help.standardError.isEmpty && version.standardError.isEmpty && pretrain.standardError.isEmpty)
  }

  @Test func `help explains every option of every command, and lists its topics`() throws {
    let workshop = try Workshop()
    let explained: [(topic: String, part: String)] = [
      ("recipe", "recipes of --recipe"), ("config", "Flags override it"), ("output", "supcon export"),
      ("resume", "most options cannot be changed"), ("extend-epochs", "in total"), ("max-time", "exit 75"),
      ("quiet", "warnings and errors"), ("verbose", "gradient norm"), ("check-ranks", "Compare weights"),
      ("check-numerics", "after each step"), ("dump-step", "<step dir>"), ("--stall-timeout", "supcon plan"),
      ("watchdog-port", "TCP port"), ("isa", "vector instructions"), ("version", "Show the version."),
      ("top", "supcon predict"), ("run", "Run directory."), ("checkpoint", "latest, best"),
      ("excess", "come together"), ("topics", "exit-codes"), ("temperature", "Temperature of the contrastive loss"),
    ]
    for (topic, part) in explained {
      let help = try workshop.run(["help", topic])
      #expect(help.exitCode == 0, "\(topic): \(help.standardError)")
      #expect(help.standardOutput.contains(part), "\(topic): \(help.standardOutput)")
    }
    let names = try workshop.run(["pretrain", "--help"]).standardOutput
    let titles = ["DATA:", "MODEL:", "LOSS:", "BATCH:", "AUGMENTATION:", "OPTIMIZER:", "RUN:", "DEBUGGING:"]
    let places = titles.map { title in names.firstRange(of: "\n\(title)\n")?.lowerBound }
    #expect(places.allSatisfy { place in place != nil })
    #expect(places.compactMap { place in place } == places.compactMap { place in place }.sorted())
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `shells complete what stands after help, and augmentations`(shell: String) throws {
    let script = try Workshop().run(["--generate-completion-script", shell])
    #expect(script.exitCode == 0)
    let lines = script.standardOutput.split(separator: "\n")
    #expect(lines.contains { line in line.contains("exit-codes") && line.contains("pretrain") })
    #expect(lines.contains { line in line.contains("autoaugment-cifar10") })
  }

  @Test(arguments: [["pretrain"], ["linear"], ["pretrain", "--dataset", "nonsense"]])
  func `the list of augmentations comes once, whatever else is asked`(arguments: [String]) throws {
    let workshop = try Workshop()
    let list = try workshop.run(ranks: 2, arguments + ["--augmentation", "help"])
    #expect(list.exitCode == 0 && list.standardError.isEmpty)
    #expect(list.standardOutput.ranges(of: "PRESETS").count == 1)
    for name in ["supcontrast: ", "autoaugment-cifar10: ", "resized-crop: ", "cutout: "] {
      #expect(list.standardOutput.contains(name))
    }
  }
}
