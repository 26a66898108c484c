import Configuration
import ImageCodecs
import Testing

/// Options that are wrong in themselves or do not fit each other: refused with 64, in words that name what, what was
/// expected and what to do.
struct RefusalTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let line: String
    var command = TrainingCommand.pretrain
    var ranks = 1
    /// Parts of the message.
    let parts: [String]

    init(_ line: String, _ command: TrainingCommand = .pretrain, ranks: Int = 1, naming parts: String...) {
      self.line = line
      self.command = command
      self.ranks = ranks
      self.parts = parts
    }

    var testDescription: String { line }
  }

  private func expectRefusal(_ mistake: Mistake) {
    let error = refusal(mistake.line, mistake.command, ranks: mistake.ranks)
    #expect(error?.exitCode == .usage)
    for part in mistake.parts {
      #expect(error?.description.contains(part) == true, "\(error?.description ?? "accepted"), without \(part)")
    }
  }

  @Test(arguments: [
    Mistake("--steps few", naming: "few", "--steps"),
    Mistake("--model resnet21", naming: "--model resnet21", "expected", "resnet20"),
    Mistake("--loss triplet", naming: "--loss triplet", "expected", "supcon", "simclr"),
    Mistake("--augmentation rotat", naming: "--augmentation rotat", "expected", "crop-flip", "rotate?"),
    Mistake("--activation-memory plenty", naming: "--activation-memory plenty", "2GiB"),
    Mistake("--activation-memory -5MB", naming: "--activation-memory"),
    Mistake("--activation-memory 0x10MB", naming: "--activation-memory 0x10MB", "2GiB"),
    Mistake("--activation-memory 128", naming: "--activation-memory 128", "found 128 bytes", "such as 128MB"),
    Mistake("--activation-memory 999999", naming: "--activation-memory 999999", "at least 1MB", "such as 800MB"),
    Mistake("--precision float16", naming: "--precision float16", "auto, float32, bfloat16"),
    Mistake("--dataset mnist", naming: "--dataset mnist", "expected", "cifar10"),
    Mistake("--dataset cifar10", naming: "--dataset cifar10", "give --data"),
    Mistake("--temperature 0", naming: "--temperature 0", "expected a number above 0"),
    Mistake("--batch-size 100", naming: "--batch-size 100", "multiple of --shard-size 32", "96"),
    Mistake("--shard-size 0", naming: "--shard-size 0", "expected at least 1"),
    Mistake("--batch-norm all", naming: "--batch-norm all", "expected shard, global, or shards:K"),
    Mistake("--batch-norm shards:0", naming: "--batch-norm shards:0", "K above 0"),
    Mistake("--batch-norm shards:", naming: "--batch-norm shards:", "K above 0"),
    Mistake("--batch-norm shards:3", naming: "--batch-norm shards:3", "divisor of the 8 shards", "K can be 1, 2, 4, 8"),
    Mistake("--batch-size 1 --shard-size 1 --batch-norm global", naming: "--batch-norm global", "a single sample"),
    Mistake("--balance fast", naming: "--balance fast", "even, auto", "such as 2,2,1"),
    Mistake("--balance 2,0", naming: "--balance 2,0", "even, auto"),
    Mistake("--balance 2,1", naming: "--balance", "2 numbers for 1 rank", "--balance auto"),
    Mistake("--batch-norm global --overlap on", naming: "--overlap on", "--batch-norm global"),
    Mistake("--temperature nan", naming: "--temperature nan", "expected a number above 0"),
    Mistake("--learning-rate 1e400", naming: "--learning-rate 1e400", "expected a number of at least 0"),
    Mistake("--image-size 100000", naming: "--image-size 100000", "at most 2048"),
    Mistake("--embedding-width 1000000000", naming: "--embedding-width", "at most 65536"),
    Mistake("--positives-cap 9223372036854775807", naming: "--positives-cap", "from 0 to 1000000000"),
    Mistake("--epochs 9223372036854775807", naming: "--epochs", "expected at most 1000000000"),
    Mistake("--warmup-epochs 1e300", naming: "--warmup-epochs 1e300", "from 0 to 1e9"),
    Mistake("--sampler balanced", naming: "--sampler balanced", "needs --classes-per-batch"),
    Mistake("--sampler balanced --classes-per-batch 7", naming: "--classes-per-batch 7", "divisor of --batch-size 256"),
    Mistake("--classes-per-batch 4", naming: "--classes-per-batch", "--sampler balanced"),
    Mistake("--sampler fixed-labels --last-batch keep", naming: "--last-batch keep", "shuffle"),
    Mistake("--stem vit", naming: "--stem vit", "auto, cifar, imagenet"),
    Mistake("--model resnet50 --shortcut A", naming: "--shortcut A", "resnet50 has only B", "resnet20"),
    Mistake("--shortcut C", naming: "--shortcut C", "A, B"),
    Mistake("--width-multiplier 0.5", naming: "--width-multiplier 0.5", "resnet20 (16, 32, 64)", "multiples of 16"),
    Mistake("--head tree", naming: "--head tree", "mlp, linear, none"),
    Mistake("--temperature 1e-300", naming: "--temperature 1e-300", "above 0, at least 1e-6"),
    Mistake("--temperature 1e-30", naming: "--temperature 1e-30", "above 0, at least 1e-6"),
    Mistake("--temperature 9e-7", naming: "--temperature 9e-7", "above 0, at least 1e-6"),
    Mistake("--optimizer adam --epsilon 1e-300", naming: "--epsilon 1e-300", "above 0 that float32 holds"),
    Mistake("--learning-rate 1e39", naming: "--learning-rate 1e39", "that float32 holds"),
    Mistake("--weight-decay 1e-50", naming: "--weight-decay 1e-50", "that float32 holds"),
    Mistake("--momentum nan", naming: "--momentum nan", "from 0 to below 1"),
    Mistake("--head linear --head-widths 64,128", naming: "--head-widths 64,128", "choose --head mlp"),
    Mistake("--head-widths 64,,128", naming: "--head-widths 64,,128", "such as 2048,128"),
    Mistake("--head-widths 128", naming: "--head-widths 128", "--head linear"),
    Mistake("--head-widths 64,32", naming: "--head-widths 64,32", "give --embedding-width 32", "that end in 128"),
    Mistake("--head linear --head-batch-norm", naming: "--head-batch-norm", "no hidden layer"),
    Mistake("--head none --embedding-width 64", naming: "--embedding-width 64", "--head none"),
    Mistake("--optimizer adagrad", naming: "--optimizer adagrad", "sgd, lars, rmsprop, adam, adamw"),
    Mistake("--optimizer adam --nesterov", naming: "--nesterov", "--optimizer adam", "choose sgd or lars"),
    Mistake("--optimizer adamw --momentum 0.8", naming: "--momentum 0.8", "--optimizer adamw"),
    Mistake("--beta1 0.8", naming: "--beta1 0.8", "--optimizer sgd", "choose adam or adamw"),
    Mistake("--optimizer adam --beta2 1", naming: "--beta2 1:", "below 1"),
    Mistake("--optimizer lars --epsilon 0.1", naming: "--epsilon 0.1", "choose rmsprop or adam or adamw"),
    Mistake("--weight-decay-exclude norm", naming: "--weight-decay-exclude norm", "none, bias-and-norm"),
    Mistake("--schedule linear", naming: "--schedule linear", "cosine, step, exponential, constant"),
    Mistake("--schedule step", naming: "--schedule step", "needs --decay-epochs"),
    Mistake("--schedule step --decay-epochs 0", naming: "--decay-epochs 0", "such as 700,800,900"),
    Mistake("--decay-epochs 5", naming: "--decay-epochs 5", "--schedule cosine", "choose step"),
    Mistake("--decay-rate 0.5", naming: "--decay-rate 0.5", "--schedule cosine"),
    Mistake("--epochs-per-decay 1", naming: "--epochs-per-decay 1:", "choose exponential"),
  ])
  func `options are refused`(_ mistake: Mistake) { expectRefusal(mistake) }

  @Test(arguments: [
    Mistake("--batch-size -5", naming: "--batch-size -5", "at least 1"),
    Mistake("--batch-size ten", naming: "--batch-size ten", "expected a whole number"),
    Mistake("--temperature 0,1", naming: "--temperature 0,1", "expected a number"),
    Mistake("--temperature 0x1", naming: "--temperature 0x1", "expected a number"),
    Mistake("--dataset folder --data d --mean 0x1p-1,0,0 --std 1,1,1", naming: "--mean 0x1p-1,0,0", "from 0 to 1"),
    Mistake("--seed -1", naming: "--seed -1", "a whole number"),
    Mistake("--model resnet-20", naming: "--model resnet-20", "did you mean 'resnet20'?"),
    Mistake("--precision bf16", naming: "--precision bf16", "did you mean 'bfloat16'?"),
    Mistake("--optimizer Adam", naming: "--optimizer Adam", "did you mean 'adam'?"),
    Mistake("--dataset folder --data d --mean 123,117,104", naming: "--mean 123,117,104", "from 0 to 1"),
    Mistake("--dataset folder --data d --mean 0.4,0.4,0.4", naming: "--mean, --std", "both or neither"),
    Mistake("--dataset folder --data d --mean 0,0,0 --std 1e-30,1,1", naming: "--std 1e-30,1,1", "from 1e-6 to 1"),
    Mistake("--dataset folder --data d --mean 0,0,0 --std 1,9e-7,1", naming: "--std 1,9e-7,1", "from 1e-6 to 1"),
    Mistake("--dataset folder", naming: "--dataset folder", "needs --data"),
    Mistake("--data d", naming: "--data", "--dataset shapes, the default, is built in", "--dataset folder"),
    Mistake("--dataset folder --data d --test-folder t", naming: "--test-folder t", "goes with --train-folder"),
    Mistake("--validation-fraction 1", naming: "--validation-fraction 1", "above 0 and below 1"),
    Mistake("--views 1 --loss simclr", naming: "--views 1", "at least 2 views"),
    Mistake("--positives-cap 3", naming: "--positives-cap 3", "multiple of --views 2", "choose 2 or 4"),
    Mistake("--loss simclr --positives-cap 2", naming: "--positives-cap 2", "give one of the two"),
    Mistake("--loss simclr --prototypes", naming: "--prototypes", "has no classes", "choose --loss supcon"),
    Mistake("--views 1 --contrast-mode one", naming: "--contrast-mode one", "--views 1"),
    Mistake("--momentum 0 --nesterov", naming: "--nesterov", "--momentum above 0"),
    Mistake("--contrastive-weight 0", naming: "no loss is left"),
    Mistake("--contrastive-weight 0 --cross-entropy-weight 1", naming: "choose supcon supervised"),
    Mistake("--contrastive-weight 0.5", .supervised, naming: "supcon supervised has the cross-entropy alone"),
    Mistake("--weight-average 1", naming: "--weight-average 1:", "from 0 to below 1"),
    Mistake("--weight-average -0.1", naming: "--weight-average -0.1", "from 0 to below 1"),
    Mistake("--loss epsilon-supinfonce", naming: "--loss epsilon-supinfonce", "needs its --margin"),
    Mistake("--margin 0.25", naming: "--margin 0.25", "choose --loss epsilon-supinfonce"),
    Mistake("--loss sincere --denominator only-negatives", naming: "--denominator only-negatives", "--loss sincere"),
    Mistake("--loss supervised-dcl --denominator all", naming: "--denominator all", "--loss supervised-dcl"),
    Mistake(
      "--teacher r --distillation-weight 1 --label-smoothing 0.1", .supervised, naming: "--label-smoothing 0.1",
      "the labels have no weight"),
    Mistake(
      "--weight-decay 0 --weight-decay-exclude bias-and-norm", naming: "--weight-decay-exclude bias-and-norm",
      "there is no weight decay"),
    Mistake(
      "--sampler balanced --classes-per-batch 4 --last-batch keep", naming: "--last-batch keep", "leave it out"),
    Mistake(
      "--sampler balanced --classes-per-batch 4 --batch-size 48 --shard-size 4 --batch-norm shards:5",
      naming: "--batch-norm shards:5", "K can be 1, 2, 3, 4, 6, 12"),
    Mistake("--seed -1", naming: "--seed -1", "from 0 to 18446744073709551615"),
    Mistake("--loss supervised-dcl --summation in", naming: "--summation in", "--loss supervised-dcl"),
    Mistake("--alternating-flip --augmentation padded-crop", naming: "--alternating-flip", "does not flip once"),
    Mistake("--alternating-flip --augmentation flip+flip", naming: "--alternating-flip", "does not flip once"),
    Mistake("--progressive-size 24", naming: "--progressive-size, --progressive-epochs", "both or neither"),
    Mistake("--progressive-size 16,24 --progressive-epochs 5", naming: "--progressive-epochs 5", "as many as"),
    Mistake("--progressive-size 24,16 --progressive-epochs 5,9", naming: "--progressive-size 24,16", "ascending"),
    Mistake("--progressive-size 16,24 --progressive-epochs 9,5", naming: "--progressive-epochs 9,5", "ascending"),
    Mistake("--progressive-size 24 --progressive-epochs 100", naming: "--progressive-epochs 100", "--epochs 100"),
    Mistake("--mixup 0.2", naming: "--mixup 0.2", "there is no classifier"),
    Mistake("--cross-entropy-weight 1 --mixup 0.2", naming: "--mixup 0.2", "no soft labels", "supcon supervised"),
    Mistake(
      "--cross-entropy-weight 1 --denominator one-positive --cutmix 1", naming: "--cutmix 1", "no soft labels"),
    Mistake("--teacher runs/a", naming: "--teacher runs/a", "there is no classifier", "--cross-entropy-weight"),
    Mistake("--distillation-weight 0.5", .supervised, naming: "--distillation-weight 0.5", "give a --teacher"),
    Mistake("--teacher a --distillation-weight 0", .supervised, naming: "--distillation-weight 0", "above 0"),
    Mistake("--teacher a --distillation-weight 1.5", .supervised, naming: "--distillation-weight 1.5", "up to 1"),
    Mistake(
      "--teacher a --distillation-temperature 0", .supervised, naming: "--distillation-temperature 0", "above 0"),
    Mistake(
      "--teacher a --distillation-temperature 1e-30", .supervised, naming: "--distillation-temperature 1e-30",
      "at least 1e-6"),
    Mistake("--mixup 1000", .supervised, naming: "--mixup 1000", "from 0.01 to 100"),
    Mistake("--cutmix 1 --shard-size 1", .supervised, naming: "--cutmix", "--shard-size is 1"),
    Mistake("--batch-size 32 --shard-size 16", ranks: 3, naming: "3 ranks", "2 shards", "start at most 2 ranks"),
    Mistake(
      "--batch-size 12 --shard-size 4 --batch-norm shards:3", ranks: 4,
      naming: "4 ranks for 3 shards", "start at most 3 ranks, or give --batch-size 12 --shard-size 2"),
    Mistake(
      "--batch-size 16 --shard-size 32 --batch-norm shards:3", naming: "smaller than --shard-size 32",
      "give --batch-size 15 --shard-size 5"),
    Mistake(
      "--batch-size 100 --shard-size 32 --batch-norm shards:2", naming: "multiple of --shard-size 32",
      "choose 64 or another shard size"),
    Mistake(
      "--batch-size 8 --shard-size 4 --batch-norm shards:9", ranks: 3, naming: "3 ranks for 2 shards",
      "choose a larger --batch-size or another --batch-norm"),
  ])
  func `wrong values name what is meant`(_ mistake: Mistake) { expectRefusal(mistake) }

  @Test func `advised sizes of batches and shards are accepted`() {
    var count = 0
    for (size, shard, ranks) in [(12, 4, 4), (16, 32, 3), (30, 8, 2), (100, 32, 4), (12, 6, 5), (64, 16, 7)] {
      for batchNorm in ["shard", "global", "shards:1", "shards:2", "shards:3", "shards:5"] {
        let rest = " --batch-norm \(batchNorm)"
        let remedy = refusal("--batch-size \(size) --shard-size \(shard)\(rest)", ranks: ranks)?.remedy ?? ""
        var advised: [String] = []
        if let match = remedy.firstMatch(of: /--batch-size [0-9]+ --shard-size [0-9]+/) {
          advised.append(String(match.output))
        }
        if let match = remedy.firstMatch(of: /choose ([0-9]+) or/) {
          advised.append("--batch-size \(match.output.1) --shard-size \(shard)")
        }
        if let match = remedy.firstMatch(of: /--shard-size ([0-9]+) \(one shard\)/) {
          advised.append("--batch-size \(size) --shard-size \(match.output.1)")
        }
        for line in advised {
          let error = refusal(line + rest, ranks: ranks)
          #expect(error == nil, "\(line)\(rest) on \(ranks) ranks: \(error?.description ?? "")")
        }
        count += advised.count
      }
    }
    #expect(count >= 20)
  }

  /// With values that differ from the defaults, and with the defaults themselves.
  @Test(arguments: [
    Mistake("--temperature 0.2", .supervised, naming: "--temperature 0.2", "choose supcon pretrain"),
    Mistake("--temperature 0.1", .supervised, naming: "--temperature 0.1", "choose supcon pretrain"),
    Mistake("--head mlp", .supervised, naming: "--head mlp", "without a contrastive loss"),
    Mistake("--loss supcon", .supervised, naming: "--loss supcon", "without a contrastive loss"),
    Mistake("--summation out", .supervised, naming: "--summation out"),
    Mistake("--positives-cap none", .supervised, naming: "--positives-cap none"),
    Mistake("--no-head-batch-norm", .supervised, naming: "--no-head-batch-norm", "without a contrastive loss"),
    Mistake("--label-smoothing 0", naming: "--label-smoothing 0", "there is no classifier"),
    Mistake("--label-smoothing 0.1", naming: "--label-smoothing 0.1", "there is no classifier"),
    Mistake("--keep-best knn --evaluate-epochs 0", naming: "--keep-best knn", "nothing is evaluated"),
    Mistake("--keep-best classifier", naming: "--keep-best classifier", "there is no classifier", "linear-probe"),
    Mistake("--stop-gradient", naming: "--stop-gradient", "give both weights above 0"),
    Mistake("--optimizer adam --momentum 0.9", naming: "--momentum 0.9", "--optimizer adam"),
    Mistake("--optimizer adam --no-nesterov", naming: "--no-nesterov", "--optimizer adam"),
    Mistake("--beta1 0.9", naming: "--beta1 0.9", "choose adam or adamw"),
    Mistake("--epochs-per-decay 2.4", naming: "--epochs-per-decay 2.4", "choose exponential"),
    Mistake("--head none --embedding-width 128", naming: "--embedding-width 128", "--head none"),
    Mistake("--bad-images stop", naming: "--bad-images stop", "goes with --dataset folder, not with shapes"),
    Mistake("--decode full", naming: "--decode full", "goes with --dataset folder"),
    Mistake("--train-folder train", naming: "--train-folder train", "goes with --dataset folder"),
    Mistake("--dataset cifar10 --data d --shapes-train 6000", naming: "--shapes-train 6000", "--dataset shapes"),
  ])
  func `an option that does not apply is refused whatever its value`(_ mistake: Mistake) { expectRefusal(mistake) }

  @Test func `a stored option that has no effect beside another is not refused`() {
    // As of a recipe, a sweep, or a run of an earlier version.
    var given = ConfigurationOverrides()
    given.set(\.optimizer.weightDecay, to: 0)
    given.set(\.optimizer.weightDecayExclusion, to: .biasAndNorm)
    let command = TrainingCommand.pretrain
    #expect(command.problem(given.applied(to: command.defaults), given: given, ranks: 1) == nil)
  }

  @Test func `a stored limit of activations in bytes is not refused`() throws {
    // As of a run of an earlier version.
    var stored = Configuration()
    stored.compute.activationMemory = .bytes(128)
    #expect(TrainingCommand.pretrain.problem(stored, given: ConfigurationOverrides(), ranks: 1) == nil)
    #expect(try Configuration(yaml: stored.yaml(), path: "a") == stored)
  }

  @Test(arguments: [
    ("0", 0), ("1500", 1500), ("800MB", 800_000_000), ("64M", 67_108_864), ("1.5TB", 1_500_000_000_000),
    ("2TiB", 2_199_023_255_552), ("2t", 2_199_023_255_552),
  ])
  func `sizes of memory are read with their units`(text: String, bytes: Int) {
    #expect(ActivationMemory(text) == .bytes(bytes))
    #expect(ActivationMemory("\(text)x") == nil)
    // Less than a byte is no size, and not 0 either, which keeps no activations.
    #expect(ActivationMemory("0.5") == nil)
  }

  @Test(arguments: [
    ("--loss sincere --denominator only-negatives", true), ("--loss sincere --denominator all", true),
    ("--loss supcon --denominator only-negatives", false), ("--loss sincere", false),
  ])
  func `options of the loss are checked without the others`(line: String, isRefused: Bool) {
    let options = given(line)
    let error = options.applied(to: Configuration()).needlessOption(of: .contrastive, given: options)
    #expect((error?.problem.hasPrefix("--denominator") ?? false) == isRefused, "\(error?.description ?? "accepted")")
  }

  @Test func `each condition of the table refuses its option`() throws {
    // No dataset, loss, optimizer, schedule and sampler to which all apply: each option with a condition fails
    // somewhere.
    let lines: [(String, TrainingCommand)] = [
      ("", .pretrain), ("", .supervised), ("--head none", .pretrain), ("--optimizer adam", .pretrain),
      ("--optimizer sgd", .pretrain), ("--dataset cifar10 --data d", .pretrain), ("--evaluate-epochs 0", .pretrain),
      ("--weight-decay 0", .pretrain),
    ]
    for option in ConfigurationOption.all where !option.conditions.isEmpty {
      let value = option.kind == .boolean ? "" : " \(option.defaultValue ?? Self.examples[option.name] ?? "")"
      let isRefused = lines.contains { line, command in
        refusal("\(line) --\(option.name)\(value)", command)?.problem.hasPrefix("--\(option.name)") == true
      }
      #expect(isRefused, "--\(option.name)\(value)")
    }
  }

  /// Values of options without a default.
  private static let examples = [
    "train-folder": "t", "validation-folder": "v", "test-folder": "t", "mean": "0.5,0.5,0.5", "std": "0.5,0.5,0.5",
    "head-widths": "64,128", "sixteen-bit": "clip", "margin": "0.25", "classes-per-batch": "4", "decay-epochs": "3",
    "decay-rate": "0.5", "keep-best": "knn", "weight-decay-exclude": "none", "teacher": "runs/a",
  ]

  @Test(arguments: [
    "", "--temperature 0.1", "--temperature 1e-6", "--validation-fraction 0.1",
    "--optimizer adam --beta1 0.9 --epsilon 1e-8",
    "--schedule step --decay-epochs 3,5",
    "--schedule exponential --epochs-per-decay 2.4", "--cross-entropy-weight 1 --stop-gradient --label-smoothing 0",
    "--head-widths 64,128", "--sampler balanced --classes-per-batch 4", "--positives-cap 4", "--stem auto",
    "--weight-average 0.999 --alternating-flip --augmentation autoaugment-cifar10",
    "--loss sincere --contrast-mode one --positives-cap 4", "--loss epsilon-supinfonce --margin 0.25",
    "--progressive-size 16,24 --progressive-epochs 30,60",
    "--dataset folder --data d --mean 0.5,0.5,0.5 --std 0.2,0.2,0.2 --bad-images skip --decode full",
    "--activation-memory 0", "--activation-memory 1MB", "--activation-memory 1.5TB",
  ])
  func `options that apply are accepted`(line: String) {
    let error = refusal(line)
    #expect(error == nil, "\(error?.description ?? "")")
  }

  @Test func `sizes of views fit the encoder's strides and the images`() throws {
    func refusal(_ line: String, side: Int = 32) -> String? {
      var configuration = given("\(line) --progressive-epochs 5").applied(to: Configuration())
      let size = ImageSize(width: side, height: side)
      configuration.resolveStem(for: size)
      return configuration.progressiveSizeProblem(viewSize: size)?.description
    }
    #expect(refusal("--progressive-size 24") == nil)
    #expect(refusal("--progressive-size 22")?.contains("--progressive-size 22: expected a multiple of 4") == true)
    #expect(refusal("--progressive-size 32")?.contains("expected less than the views' full size, 32") == true)
    #expect(refusal("--progressive-size 20 --model resnet18")?.contains("a multiple of 8") == true)
    #expect(refusal("--progressive-size 112 --model resnet50", side: 224)?.contains("a multiple of 32") == true)
    #expect(refusal("--progressive-size 128 --model resnet50", side: 224) == nil)
  }

  @Test func `each epoch has its size of views`() {
    let views = given("--progressive-size 16,24 --progressive-epochs 2,3").applied(to: Configuration()).views
    #expect((0..<5).map(views.progressiveSize) == [16, 16, 24, nil, nil])
  }

  @Test func `mixing goes with the cross-entropy alone`() {
    let error = refusal("--mixup 0.2 --cutmix 1", .supervised)
    #expect(error == nil, "\(error?.description ?? "")")
  }
}
