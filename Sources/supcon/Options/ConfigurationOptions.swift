import ArgumentParser
import Configuration
import NeuralNet
import Training

/// The options that decide what is trained and how.
///
/// None has a default here: what is not given comes from the run that is resumed or from ``Configuration``.
struct ConfigurationOptions: ParsableArguments {
  @Option(
    name: .customLong("recipe"),
    help: ArgumentHelp("A published recipe; help lists all. --config and flags override it.", valueName: "name"))
  var named: String?
  @Option(
    help: ArgumentHelp(
      "Options by name in YAML, such as a run's config.yaml. Flags override it.", valueName: "file"))
  var config: ConfigurationArgument?
  @OptionGroup var images: ImageOptions
  @Option(help: "Images of the built-in set to train on. (default: \(Configuration().shapesTrain))")
  var shapesTrain: Int?
  @Option(help: "Images of the built-in set to test on. (default: \(Configuration().shapesTest))")
  var shapesTest: Int?
  @Option(help: "Encoder: \(ResNetArchitecture.names.joined(separator: ", ")). (default: resnet20)")
  var model: String?
  @Option(
    help:
      "What views pass first: cifar (3×3 convolution), imagenet (7×7 of stride 2, max pooling), or auto: cifar up to 64 pixels. (default: auto)"
  )
  var stem: String?
  @Option(
    help:
      "What joins blocks of different shapes: A (zero padding; CIFAR ResNets) or B (1×1 convolution). (default: the model's own)"
  )
  var shortcut: String?
  @Option(help: "Factor of the widths of all groups. (default: 1)")
  var widthMultiplier: Double?
  @Flag(inversion: .prefixedNo, help: "Begin the scale behind each block's last convolution at 0. (default: no)")
  var zeroInitLastScale: Bool?
  @Flag(
    inversion: .prefixedNo,
    help: "Scale representations to unit length before the head and in later stages. (default: no)")
  var normalizeEncoder: Bool?
  @Option(help: "Projection head: mlp (width → width → embedding), linear or none. (default: mlp)")
  var head: String?
  @Option(
    help: ArgumentHelp(
      "Widths of the layers of --head mlp, the embeddings' last. (default: the encoder's width, then --embedding-width)",
      valueName: "w,w,…"))
  var headWidths: String?
  @Flag(
    inversion: .prefixedNo, help: "Batch normalization between the head's hidden layers and their ReLUs. (default: no)")
  var headBatchNorm: Bool?
  @Option(help: "Width of the embeddings. (default: 128)")
  var embeddingWidth: Int?
  @Option(help: "supcon (positives: views of the same class) or simclr (of the same sample). (default: supcon)")
  var loss: String?
  @OptionGroup var lossMode: LossModeOptions
  @Option(help: "Temperature of the loss. (default: 0.1)")
  var temperature: Double?
  @OptionGroup var crossEntropy: CrossEntropyOptions
  @Option(help: "Visits of the whole dataset, over which the schedule runs. (default: \(Configuration().epochs))")
  var epochs: Int?
  @Option(help: "Samples in a global batch, over all ranks. (default: 256)")
  var batchSize: Int?
  @Option(
    help:
      "Which samples make a batch: shuffle; balanced (the same number of each of --classes-per-batch classes); fixed-labels (every batch with the dataset's proportions of classes). (default: shuffle)"
  )
  var sampler: String?
  @Option(help: "Classes in a batch of --sampler balanced.")
  var classesPerBatch: Int?
  @Option(help: "An epoch's last, partial batch: drop, or keep its whole shards as a smaller batch. (default: drop)")
  var lastBatch: String?
  @Option(help: "Samples in a shard, the unit of computing and of BatchNorm. (default: 32)")
  var shardSize: Int?
  @Option(help: "Views of each sample; 1 for supervised. (default: 2)")
  var views: Int?
  @Option(
    help: ArgumentHelp(
      "How views are made: a preset such as supcontrast or autoaugment-cifar10, or operations joined by +; help lists all. (default: crop-flip-jitter)",
      valueName: "augmentation"))
  var augmentation: String?
  @Option(help: "Optimizer: sgd, lars, rmsprop, adam, adamw. (default: sgd)")
  var optimizer: String?
  @Option(help: "Peak learning rate. (default: 0.1)")
  var learningRate: Double?
  @Flag(inversion: .prefixedNo, help: "Multiply the learning rate with batch size / 256. (default: no)")
  var scaleLearningRate: Bool?
  @Option(help: "Momentum of sgd, lars and rmsprop. (default: 0.9)")
  var momentum: Double?
  @Flag(inversion: .prefixedNo, help: "Nesterov's momentum, for sgd and lars. (default: no)")
  var nesterov: Bool?
  @Option(help: "Decay of adam's and adamw's mean of gradients. (default: 0.9)")
  var beta1: Double?
  @Option(help: "Decay of their mean of squares. (default: 0.999)")
  var beta2: Double?
  @Option(help: "Decay of rmsprop's mean of squares. (default: 0.99)")
  var rmspropDecay: Double?
  @Option(help: "What rmsprop, adam and adamw add to the root they divide by. (default: \(Configuration().epsilon))")
  var epsilon: Double?
  @Option(help: "Weight decay. (default: 0.0001)")
  var weightDecay: Double?
  @Option(
    help:
      "Parameters without weight decay: none, or bias-and-norm. (default: bias-and-norm with lars, else none)"
  )
  var weightDecayExclude: String?
  @Option(help: "Learning-rate schedule: cosine, step, exponential, constant. (default: cosine)")
  var schedule: String?
  @Option(
    help: ArgumentHelp("Epochs after which --schedule step lowers the learning rate.", valueName: "e,e,…"))
  var decayEpochs: String?
  @Option(help: "Factor by which step and exponential lower it. (default: 0.1 with step, 0.97 with exponential)")
  var decayRate: Double?
  @Option(help: "Epochs after which --schedule exponential lowers it, again and again. (default: 2.4)")
  var epochsPerDecay: Double?
  @Option(help: "Epochs over which the learning rate rises. (default: 1)")
  var warmupEpochs: Double?
  @Option(
    help:
      "Numbers that the encoder multiplies: float32, bfloat16, or auto: the faster one for the encoder on the CPUs of all ranks. (default: auto)"
  )
  var precision: String?
  @Option(help: "Where all random draws begin. (default: 0)")
  var seed: UInt64?
  @Option(help: "Threads of each rank. (default: 1)")
  var threads: Int?
  @Option(help: "Further threads of each rank that make views ahead. (default: the CPUs that are left to the rank)")
  var loaderThreads: Int?
  @Option(
    help: ArgumentHelp(
      "Memory on each rank to keep activations in, such as 800MB or 2GiB; shards beyond it are computed twice, to the same bits. auto: 1 GiB for all ranks of a host. (default: auto)",
      valueName: "bytes"))
  var activationMemory: String?
  @Option(
    help:
      "Whether gradients cross between ranks while the backward pass still runs, to the same bits: on, off, or auto: where ranks are on several hosts. (default: auto)"
  )
  var overlap: String?

  /// The options that were given: the recipe's, over them the file's, over them the flags.
  ///
  /// What is wrong with recipe or file is told by ``configurationProblem(of:)`` before.
  var overrides: ConfigurationOverrides {
    let configuration = named.flatMap { name in try? NamedRecipe.named(name).overrides }
    let file = config.flatMap { config in try? config.contents.get() }
    return (configuration ?? ConfigurationOverrides()).overridden(by: file ?? ConfigurationOverrides()).overridden(
      by: flags)
  }

  /// How many threads each rank computes on.
  var threadsPerRank: Int { overrides.applied(to: Configuration()).threads }

  /// What is wrong with the recipe's name or the file, or `nil`.
  ///
  /// - Parameter command: What the recipe is to be for.
  /// - Returns: With the code that the job ends with.
  func configurationProblem(of command: TrainingCommand) -> RunError? {
    do {
      if let configuration = try named.map(NamedRecipe.named), configuration.command != command {
        return RunError(.usage, "--recipe \(configuration.name): is for supcon \(configuration.command.rawValue)")
      }
      _ = try config?.contents.get()
      return nil
    } catch {
      return RunError(error)
    }
  }

  /// The flags that were given.
  private var flags: ConfigurationOverrides {
    var overrides = ConfigurationOverrides()
    images.set(&overrides)
    lossMode.set(&overrides)
    crossEntropy.set(&overrides)
    overrides.set(shapesTrain, for: "shapes-train")
    overrides.set(shapesTest, for: "shapes-test")
    overrides.set(model, for: "model")
    overrides.set(stem, for: "stem")
    overrides.set(shortcut, for: "shortcut")
    overrides.set(widthMultiplier, for: "width-multiplier")
    overrides.set(zeroInitLastScale, for: "zero-init-last-scale")
    overrides.set(normalizeEncoder, for: "normalize-encoder")
    overrides.set(head, for: "head")
    overrides.set(headWidths, for: "head-widths")
    overrides.set(headBatchNorm, for: "head-batch-norm")
    overrides.set(embeddingWidth, for: "embedding-width")
    overrides.set(loss, for: "loss")
    overrides.set(temperature, for: "temperature")
    overrides.set(epochs, for: "epochs")
    overrides.set(batchSize, for: "batch-size")
    overrides.set(sampler, for: "sampler")
    overrides.set(classesPerBatch, for: "classes-per-batch")
    overrides.set(lastBatch, for: "last-batch")
    overrides.set(shardSize, for: "shard-size")
    overrides.set(views, for: "views")
    overrides.set(augmentation, for: "augmentation")
    overrides.set(optimizer, for: "optimizer")
    overrides.set(learningRate, for: "learning-rate")
    overrides.set(scaleLearningRate, for: "scale-learning-rate")
    overrides.set(momentum, for: "momentum")
    overrides.set(nesterov, for: "nesterov")
    overrides.set(beta1, for: "beta1")
    overrides.set(beta2, for: "beta2")
    overrides.set(rmspropDecay, for: "rmsprop-decay")
    overrides.set(epsilon, for: "epsilon")
    overrides.set(weightDecay, for: "weight-decay")
    overrides.set(weightDecayExclude, for: "weight-decay-exclude")
    overrides.set(schedule, for: "schedule")
    overrides.set(decayEpochs, for: "decay-epochs")
    overrides.set(decayRate, for: "decay-rate")
    overrides.set(epochsPerDecay, for: "epochs-per-decay")
    overrides.set(warmupEpochs, for: "warmup-epochs")
    overrides.set(precision, for: "precision")
    overrides.set(seed, for: "seed")
    overrides.set(threads, for: "threads")
    overrides.set(loaderThreads, for: "loader-threads")
    overrides.set(activationMemory, for: "activation-memory")
    overrides.set(overlap, for: "overlap")
    return overrides
  }
}
