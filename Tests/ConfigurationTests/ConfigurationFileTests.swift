import Configuration
import Testing

/// Files of options: written and read again, those of earlier versions, and what is refused with its line.
struct ConfigurationFileTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    /// Part of the message, after the file's name.
    let message: String

    var testDescription: String { text }
  }

  @Test(arguments: [
    Mistake(text: "seed: 3\nbatchsize: 64\n", message: ":2: unknown option 'batchsize'; did you mean 'batch-size'?"),
    Mistake(text: "batch_size: 64\n", message: ":1: unknown option 'batch_size'; did you mean 'batch-size'?"),
    Mistake(text: "--batch-size: 64\n", message: ":1: unknown option '--batch-size'; did you mean 'batch-size'?"),
    Mistake(text: "momentum_of_inertia: 1\n", message: ":1: unknown option 'momentum_of_inertia'; expected the name"),
    Mistake(text: "seed: 1\nviews: 2\nseed: 2\n", message: ":1: option 'seed' is given more than once"),
    Mistake(text: "\nbatch-size: many\n", message: ":2: batch-size: expected a whole number, found 'many'"),
    Mistake(text: "batch-size: 6.5\n", message: ":1: batch-size: expected a whole number, found '6.5'"),
    Mistake(text: "batch-size: [64]\n", message: ":1: batch-size: expected a whole number, found a list"),
    Mistake(text: "seed: -1\n", message: ":1: seed: expected a whole number, found '-1'"),
    Mistake(text: "temperature: warm\n", message: ":1: temperature: expected a number, found 'warm'"),
    Mistake(text: "nesterov: 1\n", message: ":1: nesterov: expected true or false, found '1'"),
    Mistake(text: "model:\n", message: ":1: model: expected a text, found nothing"),
    Mistake(text: "dataset: folder\ndata: \"\"\n", message: ":2: data: expected a text, found nothing"),
    Mistake(text: "init: ' '\n", message: ":1: init: expected a text, found ' '"),
    Mistake(
      text: "model: {name: resnet20}\n",
      message: ":1: model: expected one value; options are not nested: write 'model: resnet20'"),
    Mistake(text: "- seed\n", message: ":1: expected one option a line, such as 'epochs: 100', found a list"),
    Mistake(text: "resnet20\n", message: ":1: expected one option a line, such as 'epochs: 100', found a single"),
    Mistake(text: "seed: 1\nmodel: [a\n", message: ":2: is not valid YAML: "),
    Mistake(text: "model: \"resnet20\n", message: ":1: is not valid YAML: "),
    Mistake(text: "lr: 0.1\n", message: ":1: unknown option 'lr'; did you mean 'learning-rate'?"),
    Mistake(
      text: "output: runs/a\n", message: ":1: 'output' can only be given on the command line; leave the line out"),
    Mistake(text: "quiet: true\n", message: ":1: 'quiet' can only be given on the command line; leave the line out"),
    Mistake(text: "seed: 1\ngpu: 2\n", message: ":2: unknown option 'gpu'; expected the name of an option"),
    Mistake(text: "seed: 1\n---\nviews: 2\n", message: ":2: holds several documents, divided by ---; keep one"),
    Mistake(text: "learning-rate: 0x10\n", message: ":1: learning-rate: expected a number, found '0x10'"),
  ])
  func `a wrong line is refused with its number`(_ mistake: Mistake) {
    let error = #expect(throws: RunError.self) { try Configuration(yaml: mistake.text, path: "wrong.yaml") }
    #expect(error?.exitCode == .configuration)
    #expect(error?.description.contains("wrong.yaml" + mistake.message) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    ("temperature: 0\n", "--temperature 0 (wrong.yaml:1): expected a number above 0, at least 1e-6"),
    (
      "seed: 1\nloss: triplet\n",
      "--loss triplet (wrong.yaml:2): expected one of supcon, simclr, sincere, supervised-dcl, epsilon-supinfonce"
    ),
    ("keep: -1\n", "--keep -1 (wrong.yaml:1): expected at least 1"),
    ("learning-rate: .inf\n", "--learning-rate .inf (wrong.yaml:1): expected a number of at least 0"),
  ])
  func `a value out of range is refused as on the command line`(text: String, message: String) {
    let error = #expect(throws: RunError.self) { try Configuration(yaml: text, path: "wrong.yaml") }
    #expect(error?.exitCode == .usage && error?.description == message)
  }

  @Test func `a run's file of an option that its model does not have is refused`() {
    let error = #expect(throws: RunError.self) {
      try Configuration(yaml: "model: resnet50\nshortcut: A\n", path: "run/config.yaml")
    }
    #expect(error?.exitCode == .configuration && error?.problem.hasPrefix("run/config.yaml: --shortcut A") == true)
  }

  @Test(arguments: ["", "\n", "# a recipe\n"])
  func `a file without an option is refused, as it is probably cut off`(text: String) {
    let error = #expect(throws: RunError.self) { try Configuration(yaml: text, path: "my.yaml") }
    #expect(error?.exitCode == .configuration && error?.problem.hasPrefix("my.yaml: holds no option") == true)
  }

  @Test func `every option survives being written and read`() throws {
    let line =
      "--dataset folder --data /a/b:#\"c\".d --train-folder a --validation-folder none --test-folder /c --validation-fraction 0.25 --bad-images skip --decode scaled --sixteen-bit scale "
      + "--mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --shapes-train 7 --shapes-test 8 --image-size 96 "
      + "--model resnet32 --stem imagenet --shortcut B --width-multiplier 2 --zero-init-last-scale "
      + "--normalize-encoder --head mlp --head-widths 96,64 --head-batch-norm --embedding-width 64 --loss simclr "
      + "--summation in --contrast-mode one --denominator only-negatives --positives-cap 4 --loss-scale tau/0.07 "
      + "--temperature 0.07 --contrastive-weight 0.5 --cross-entropy-weight 1.5 --stop-gradient "
      + "--label-smoothing 0.1 --evaluate-epochs 2 --init runs/a --epochs 7 --steps 9 --batch-size 64 "
      + "--sampler balanced --classes-per-batch 4 --last-batch keep --shard-size 16 --views 3 "
      + "--augmentation crop-flip --optimizer adamw --learning-rate 0.001 --momentum 0.8 --nesterov --beta1 0.8 "
      + "--beta2 0.99 --rmsprop-decay 0.9 --epsilon 1e-7 --weight-decay 0.05 --weight-decay-exclude bias-and-norm "
      + "--scale-learning-rate --schedule step --decay-epochs 3,5 --decay-rate 0.2 --epochs-per-decay 3 "
      + "--warmup-epochs 0.5 --precision bfloat16 --seed 18446744073709551615 --threads 2 --loader-threads 0 "
      + "--activation-memory 800MB --overlap on --checkpoint-steps 3 --keep 5 --log-steps 1 --keep-best knn200 "
      + "--margin 0.25 --weight-average 0.99 --alternating-flip --progressive-size 16,24 --progressive-epochs 2,3 "
      + "--mixup 0.2 --cutmix 1 --gather-precision bfloat16 --batch-norm shards:2 --balance 2,1 "
      + "--shared-memory off --prototypes --teacher runs/b --distillation-weight 0.5 --distillation-temperature 2"
    let overrides = given(line)
    #expect(overrides.problem == nil)
    var configuration = overrides.applied(to: Configuration())
    configuration.data.fingerprint = "0123"
    configuration.data.contents = "45-67-89-0"
    configuration.classifier.classes = 10
    configuration.classifier.teacherHash = "89ab"
    configuration.schedule.cosineRestarts = [3, 5]
    // None is left at its default, or the test would not see it lost.
    let unchanged = Set(configuration.values().map { option, text in "\(option.name)=\(text)" })
      .intersection(Configuration().values().map { option, text in "\(option.name)=\(text)" })
    #expect(unchanged == ["head=mlp"])
    #expect(configuration.values().count == ConfigurationOption.all.count)
    #expect(try Configuration(yaml: configuration.yaml(), path: "a") == configuration)
    #expect(try Configuration(yaml: Configuration().yaml(), path: "a") == Configuration())
  }

  @Test func `numbers are written plainly`() {
    var configuration = Configuration()
    configuration.optimizer.weightDecay = 1e-5
    configuration.schedule.warmupEpochs = 1
    let lines = configuration.yaml().split(separator: "\n")
    for line in ["temperature: 0.1", "warmup-epochs: 1", "cross-entropy-weight: 0", "beta2: 0.999", "nesterov: false"] {
      #expect(lines.contains(Substring(line)), "\(line)")
    }
    #expect(lines.contains("weight-decay: 1e-05"))
  }

  /// Written by version 0.1.0: `pretrain` alone, `pretrain` with many options, `supervised`.
  @Test(arguments: ["a", "b", "c"])
  func `a file of version 0.1.0 means the same`(name: String) throws {
    let text = try fixture("config-0.1.0-\(name).yaml")
    let configuration = try Configuration(yaml: text, path: name)
    let command: TrainingCommand = name == "c" ? .supervised : .pretrain
    // As a file of --config it lists options that do not apply, with their defaults.
    #expect(command.problem(configuration, given: ConfigurationOverrides(), ranks: 1) == nil)
    let written = pairs(configuration.yaml())
    let old = pairs(text)
    let new = Configuration().values().map { option, text in (option.name, text) }.filter { name, _ in old[name] == nil
    }
    #expect(written.count == old.count + new.count)
    for (option, value) in new {
      #expect(written[option] == value, "\(option), which is new, has its default")
    }
    for (option, value) in old {
      let own = written[option] ?? "nothing"
      let isEqual = own == value || (Double(own) != nil && Double(own) == Double(value))
      let isRespelled = option == "augmentation" && own == value.replacing("greyscale", with: "grayscale")
      #expect(isEqual || isRespelled, "\(option): \(own), not \(value)")
    }
  }

  private func pairs(_ yaml: String) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: yaml.split(separator: "\n").map { line in
        let parts = line.split(separator: ": ", maxSplits: 1)
        return (String(parts[0]), String(parts[1]))
      })
  }
}
