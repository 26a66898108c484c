import ArgumentParser

/// The options of the dataset.
struct DataArguments: OptionArguments {
  @Option("dataset") var dataset: String?
  @OptionGroup var images: ImageOptions
  @Option("shapes-train") var shapesTrain: String?
  @Option("shapes-test") var shapesTest: String?
}

/// The options of the encoder and of the projection head.
struct ModelArguments: OptionArguments {
  @Option("model") var model: String?
  @Option("stem") var stem: String?
  @Option("shortcut") var shortcut: String?
  @Option("width-multiplier") var widthMultiplier: String?
  @Flag("zero-init-last-scale") var zeroInitLastScale: Bool?
  @Flag("normalize-encoder") var normalizeEncoder: Bool?
  @Option("init") var `init`: String?
  @Option("head") var head: String?
  @Option("head-widths") var headWidths: String?
  @Flag("head-batch-norm") var headBatchNorm: Bool?
  @Option("embedding-width") var embeddingWidth: String?
}

/// The options of the losses.
struct LossArguments: OptionArguments {
  @OptionGroup var lossVariant: LossVariantOptions
  @Option("temperature") var temperature: String?
  @Flag("prototypes") var prototypes: Bool?
  @Option("gather-precision") var gatherPrecision: String?
  @OptionGroup var crossEntropy: CrossEntropyOptions
}

/// The options of global batches.
struct BatchArguments: OptionArguments {
  @Option("batch-size") var batchSize: String?
  @Option("sampler") var sampler: String?
  @Option("classes-per-batch") var classesPerBatch: String?
  @Option("last-batch") var lastBatch: String?
  @Option("shard-size") var shardSize: String?
  @Option("batch-norm") var batchNorm: String?
}

/// The options of views.
struct ViewArguments: OptionArguments {
  @Option("views") var views: String?
  @Option("augmentation") var augmentation: String?
  @OptionGroup var viewStages: ViewStageOptions
}

/// The options of the optimizer and of the learning rate.
struct OptimizerArguments: OptionArguments {
  @Option("optimizer") var optimizer: String?
  @Option("learning-rate") var learningRate: String?
  @Flag("scale-learning-rate") var scaleLearningRate: Bool?
  @Option("momentum") var momentum: String?
  @Flag("nesterov") var nesterov: Bool?
  @Option("beta1") var beta1: String?
  @Option("beta2") var beta2: String?
  @Option("rmsprop-decay") var rmspropDecay: String?
  @Option("epsilon") var epsilon: String?
  @Option("weight-decay") var weightDecay: String?
  @Option("weight-decay-exclude") var weightDecayExclude: String?
  @Option("weight-average") var weightAverage: String?
  @Option("schedule") var schedule: String?
  @Option("decay-epochs") var decayEpochs: String?
  @Option("decay-rate") var decayRate: String?
  @Option("epochs-per-decay") var epochsPerDecay: String?
  @Option("warmup-epochs") var warmupEpochs: String?
}

/// The options of epochs, seed, precision, threads, memory and overlap of communication.
struct ComputeArguments: OptionArguments {
  @Option("epochs") var epochs: String?
  @Option("precision") var precision: String?
  @Option("seed") var seed: String?
  @Option("threads") var threads: String?
  @Option("loader-threads") var loaderThreads: String?
  @Option("activation-memory") var activationMemory: String?
  @Option("overlap") var overlap: String?
  @Option("shared-memory") var sharedMemory: String?
  @Option("balance") var balance: String?
}
