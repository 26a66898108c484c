import Testing

/// What is wrong in the options alone: 64, before anything is written.
struct UsageTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    /// What the message must name: the thing, what was expected, what to do.
    let parts: [String]

    init(_ arguments: [String], naming parts: [String]) {
      self.arguments = arguments
      self.parts = parts
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  @Test(arguments: [
    Mistake(["contrast"], naming: ["contrast", "expected one of", "pretrain", "linear"]),
    Mistake(["pretran"], naming: ["pretran", "did you mean 'pretrain'?"]),
    Mistake(["pretrain", "--epoch-count", "3"], naming: ["--epoch-count", "supcon pretrain --help"]),
    Mistake(["pretrain", "--steps", "few"], naming: ["few", "--steps"]),
    Mistake(["pretrain", "--model", "resnet21"], naming: ["--model resnet21", "expected", "resnet20"]),
    Mistake(["pretrain", "--loss", "triplet"], naming: ["--loss triplet", "expected", "supcon", "simclr"]),
    Mistake(
      ["pretrain", "--augmentation", "rotat"], naming: ["--augmentation rotat", "expected", "crop-flip", "rotate?"]),
    Mistake(["pretrain", "--activation-memory", "plenty"], naming: ["--activation-memory plenty", "2GiB"]),
    Mistake(["pretrain", "--activation-memory", "-5MB"], naming: ["--activation-memory"]),
    Mistake(["pretrain", "--precision", "float16"], naming: ["--precision float16", "auto, float32, bfloat16"]),
    Mistake(["pretrain", "--dataset", "mnist"], naming: ["--dataset mnist", "expected", "cifar10"]),
    Mistake(["pretrain", "--dataset", "cifar10"], naming: ["--dataset cifar10", "needs --data"]),
    Mistake(["pretrain", "--temperature", "0"], naming: ["--temperature 0", "expected a number above 0"]),
    Mistake(["pretrain", "--batch-size", "100"], naming: ["--batch-size 100", "multiple of --shard-size 32", "96"]),
    Mistake(["pretrain", "--shard-size", "0"], naming: ["--shard-size 0", "expected at least 1"]),
    Mistake(["pretrain", "--output", ""], naming: ["--output", "found an empty text"]),
    Mistake(["embed", "--run=", "--output", "x"], naming: ["--run", "found an empty text"]),
    Mistake(["pretrain", "--temperature", "nan"], naming: ["--temperature nan", "expected a number above 0"]),
    Mistake(["plan", "--learning-rate", "1e400"], naming: ["--learning-rate inf", "expected a number of at least 0"]),
    Mistake(["plan", "--image-size", "100000"], naming: ["--image-size 100000", "at most 2048"]),
    Mistake(["bench", "--embedding-width", "1000000000"], naming: ["--embedding-width", "at most 65536"]),
    Mistake(["evaluate", "--run", "x", "--threads", "100000"], naming: ["--threads 100000", "at most 1024"]),
    Mistake(
      ["pretrain", "--positives-cap", "9223372036854775807"], naming: ["--positives-cap", "from 0 to 1000000000"]),
    Mistake(["pretrain", "--epochs", "9223372036854775807"], naming: ["--epochs", "expected at most 1000000000"]),
    Mistake(["pretrain", "--warmup-epochs", "1e300"], naming: ["--warmup-epochs 1e+300", "from 0 to 1e9"]),
    Mistake(["pretrain", "--max-time", "00:00"], naming: ["--max-time", "00:00", "above 0"]),
    Mistake(["pretrain", "--sampler", "balanced"], naming: ["--sampler balanced", "needs --classes-per-batch"]),
    Mistake(
      ["pretrain", "--sampler", "balanced", "--classes-per-batch", "7"],
      naming: ["--classes-per-batch 7", "divisor of --batch-size 256"]),
    Mistake(["pretrain", "--classes-per-batch", "4"], naming: ["--classes-per-batch", "--sampler balanced"]),
    Mistake(
      ["pretrain", "--sampler", "fixed-labels", "--last-batch", "keep"], naming: ["--last-batch keep", "shuffle"]),
    Mistake(["pretrain", "--resume"], naming: ["--resume", "needs --output"]),
    Mistake(["linear"], naming: ["--run"]),
    Mistake(["linear", "--run", "x", "--batch-size", "100"], naming: ["--batch-size 100", "--shard-size 32"]),
  ])
  func optionsAreRefused(_ mistake: Mistake) throws {
    try Workshop().expectRefusal(mistake.arguments, 64, naming: mistake.parts)
  }

  @Test(arguments: [
    Mistake(["--stem", "vit"], naming: ["--stem vit", "auto, cifar, imagenet"]),
    Mistake(["--model", "resnet50", "--shortcut", "A"], naming: ["--shortcut A", "resnet50 has B alone", "resnet20"]),
    Mistake(["--shortcut", "C"], naming: ["--shortcut C", "A, B"]),
    Mistake(
      ["--width-multiplier", "0.5"], naming: ["--width-multiplier 0.5", "resnet20 (16, 32, 64)", "multiples of 16"]),
    Mistake(["--head", "tree"], naming: ["--head tree", "mlp, linear, none"]),
    Mistake(["--head", "linear", "--head-widths", "64,128"], naming: ["--head-widths 64,128", "choose --head mlp"]),
    Mistake(["--head-widths", "64,,128"], naming: ["--head-widths 64,,128", "such as 2048,128"]),
    Mistake(["--head-widths", "128"], naming: ["--head-widths 128", "--head linear"]),
    Mistake(["--head-widths", "64,32"], naming: ["--head-widths 64,32", "give --embedding-width 32"]),
    Mistake(["--head", "linear", "--head-batch-norm"], naming: ["--head-batch-norm", "no hidden layer"]),
    Mistake(["--head", "none", "--embedding-width", "64"], naming: ["--embedding-width 64", "--head none"]),
    Mistake(["--optimizer", "adagrad"], naming: ["--optimizer adagrad", "sgd, lars, rmsprop, adam, adamw"]),
    Mistake(["--optimizer", "adam", "--nesterov"], naming: ["--nesterov", "--optimizer adam", "choose sgd or lars"]),
    Mistake(["--optimizer", "adamw", "--momentum", "0.8"], naming: ["--momentum 0.8", "--optimizer adamw"]),
    Mistake(["--beta1", "0.8"], naming: ["--beta1 0.8", "--optimizer sgd", "choose adam or adamw"]),
    Mistake(["--optimizer", "adam", "--beta2", "1"], naming: ["--beta2 1.0", "below 1"]),
    Mistake(
      ["--optimizer", "lars", "--epsilon", "0.1"], naming: ["--epsilon 0.1", "choose rmsprop or adam or adamw"]),
    Mistake(["--weight-decay-exclude", "norm"], naming: ["--weight-decay-exclude norm", "none, bias-and-norm"]),
    Mistake(["--schedule", "linear"], naming: ["--schedule linear", "cosine, step, exponential, constant"]),
    Mistake(["--schedule", "step"], naming: ["--schedule step", "needs --decay-epochs"]),
    Mistake(["--schedule", "step", "--decay-epochs", "0"], naming: ["--decay-epochs 0", "such as 700,800,900"]),
    Mistake(["--decay-epochs", "5"], naming: ["--decay-epochs 5", "--schedule cosine", "choose step"]),
    Mistake(["--decay-rate", "0.5"], naming: ["--decay-rate 0.5", "--schedule cosine"]),
    Mistake(["--epochs-per-decay", "1"], naming: ["--epochs-per-decay 1.0", "choose exponential"]),
  ])
  func networkAndOptimizerOptionsAreRefused(_ mistake: Mistake) throws {
    let workshop = try Workshop()
    expectRefusal(try workshop.run(["pretrain"] + mistake.arguments), 64, naming: mistake.parts)
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

/// What tells of the program: once, whatever the number of ranks.
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
