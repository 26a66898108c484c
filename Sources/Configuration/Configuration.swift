import Datasets
import Imaging
import Losses
import OneDNN

/// Every option of a training run as resolved: what `config.yaml` and each checkpoint hold.
package struct Configuration: Codable, Sendable, Equatable {
  /// Where the images come from: `shapes`, `cifar10`, `cifar100` or `folder`.
  package var dataset = "shapes"
  /// The folder of the dataset, or a pack; absent for the built-in set.
  package var data: String?
  /// The hash of a folder's file names, or of a pack, that the run was begun with.
  package var datasetFingerprint: String?
  /// The share of a folder's images that is kept for validation; absent where they have a tree of their own.
  package var validationFraction: Double?
  /// What happens when an image of a folder cannot be used: `stop` or `skip`.
  package var badImages = "stop"
  /// Whether JPEG images may be halved in the decoder: `full` or `scaled`.
  package var decode = "full"
  /// The mean of red, green and blue, 0…1; absent for the dataset's own.
  package var mean: String?
  /// Their standard deviation.
  package var std: String?
  /// How many images of the built-in set to train on.
  package var shapesTrain = 6000
  /// How many images of the built-in set to test on.
  package var shapesTest = 2000
  /// The height and width of views; absent for the dataset's own.
  package var imageSize: Int?
  /// The encoder.
  package var model = "resnet20"
  /// `cifar`, `imagenet`, or `auto` for what suits the size of views.
  package var stem = "auto"
  /// What joins blocks of different shapes: `A` or `B`; absent for the encoder's own.
  package var shortcut: String?
  /// The factor of the widths of all groups.
  package var widthMultiplier = 1.0
  /// Whether the scale behind each block's last convolution begins at 0.
  package var zeroInitLastScale = false
  /// Whether representations are scaled to unit length, before the head and in later stages.
  package var normalizeEncoder = false
  /// How representations are mapped to the space of the loss: `mlp`, `linear` or `none`.
  package var head = "mlp"
  /// The width of each layer of an MLP, separated by commas; absent for the representations' own and that of the embeddings.
  package var headWidths: String?
  /// Whether the head's hidden layers are normalized.
  package var headBatchNorm = false
  /// The width of the embeddings.
  package var embeddingWidth = 128
  /// `supcon` (positives are views of the same class) or `simclr` (of the same sample).
  package var loss = "supcon"
  /// Where positives are summed: `out` of the logarithm or `in`.
  package var summation = "out"
  /// Which views are anchors: `all` or `one`.
  package var contrastMode = "all"
  /// What the denominators sum: `all`, `one-positive` or `only-negatives`.
  package var denominator = "all"
  /// At most so many positives besides the other views of the anchor's sample; `none` for all.
  package var positivesCap = "none"
  /// What the mean over anchors is multiplied with: `none` (1), `tau`, or `tau/0.07`.
  package var lossScale = "none"
  /// τ.
  package var temperature = 0.1
  /// λ of the contrastive loss; 0 for none, and then without a projection head.
  package var contrastiveWeight = 1.0
  /// λ of the cross-entropy; 0 for none, and then without a classifier.
  package var crossEntropyWeight = 0.0
  /// Whether the encoder learns nothing from the cross-entropy beside a contrastive loss.
  package var stopGradient = false
  /// The share of each label that is spread over all classes.
  package var labelSmoothing = 0.0
  /// How many classes the classifier tells apart: those of the training set; absent without a classifier.
  package var classes: Int?
  /// After how many epochs each a classifier is tested; 0 for at the end alone.
  package var evaluateEpochs = 0
  /// The run, or the file with an encoder, that the encoder begins with; absent for random values.
  package var `init`: String?
  /// How often the dataset is visited; the schedule spans all of it.
  package var epochs = 100
  /// After how many steps to stop, if before the last epoch's end.
  package var steps: Int?
  /// Samples in a global batch.
  package var batchSize = 256
  /// Which samples make a batch: `shuffle`, `balanced` or `fixed-labels`.
  package var sampler = "shuffle"
  /// How many classes a batch of the `balanced` sampler has.
  package var classesPerBatch: Int?
  /// What becomes of an epoch's last, partial batch: `drop`, or `keep` its whole shards.
  package var lastBatch = "drop"
  /// Samples in a shard.
  package var shardSize = 32
  /// Views of each sample.
  package var views = 2
  /// How a view is made.
  package var augmentation = "crop-flip-jitter"
  /// `sgd`, `lars`, `rmsprop`, `adam` or `adamw`.
  package var optimizer = "sgd"
  /// The peak learning rate.
  package var learningRate = 0.1
  /// The optimizer's momentum.
  package var momentum = 0.9
  /// Whether the momentum is Nesterov's.
  package var nesterov = false
  /// The decay of the mean of gradients of Adam and AdamW.
  package var beta1 = 0.9
  /// The decay of the mean of their squares.
  package var beta2 = 0.999
  /// The decay of RMSProp's mean of squares.
  package var rmspropDecay = 0.99
  /// What RMSProp, Adam and AdamW add to a root.
  package var epsilon = 1e-8
  /// The weight decay.
  package var weightDecay = 1e-4
  /// What has no weight decay: `none` or `bias-and-norm`; absent for `bias-and-norm` with LARS, else `none`.
  package var weightDecayExclude: String?
  /// Whether the learning rate is that for a batch of 256 and grows with the batch.
  package var scaleLearningRate = false
  /// `cosine`, `step`, `exponential` or `constant`.
  package var schedule = "cosine"
  /// After which epochs `step` lowers the learning rate, separated by commas.
  package var decayEpochs: String?
  /// The factor by which `step` and `exponential` lower it; absent for 0.1 and 0.97.
  package var decayRate: Double?
  /// After how many epochs `exponential` lowers it.
  package var epochsPerDecay = 2.4
  /// Over how many epochs the learning rate rises.
  package var warmupEpochs = 1.0
  /// `auto`, `float32` or `bfloat16`.
  package var precision = "auto"
  /// Where all random draws begin.
  package var seed: UInt64 = 0
  /// How many threads each rank computes shards on.
  package var threads = 1
  /// On how many further threads each rank makes views ahead; absent for as many as the CPUs that are left.
  package var loaderThreads: Int?
  /// How much memory each rank keeps activations in: `auto` or a number of bytes.
  package var activationMemory = "auto"
  /// Whether gradients cross between ranks while the backward pass still runs: `on`, `off`, or `auto` for where ranks are on several hosts.
  package var overlap = "auto"
  /// After how many steps a checkpoint is written; absent for one each epoch.
  package var checkpointSteps: Int?
  /// How many checkpoints stay.
  package var keep = 3
  /// After how many steps a line of metrics is written.
  package var logSteps = 10

  package enum CodingKeys: String, CodingKey, CaseIterable {
    case dataset
    case data
    case datasetFingerprint = "dataset-fingerprint"
    case validationFraction = "validation-fraction"
    case badImages = "bad-images"
    case decode
    case mean
    case std
    case shapesTrain = "shapes-train"
    case shapesTest = "shapes-test"
    case imageSize = "image-size"
    case model
    case stem
    case shortcut
    case widthMultiplier = "width-multiplier"
    case zeroInitLastScale = "zero-init-last-scale"
    case normalizeEncoder = "normalize-encoder"
    case head
    case headWidths = "head-widths"
    case headBatchNorm = "head-batch-norm"
    case embeddingWidth = "embedding-width"
    case loss
    case summation
    case contrastMode = "contrast-mode"
    case denominator
    case positivesCap = "positives-cap"
    case lossScale = "loss-scale"
    case temperature
    case contrastiveWeight = "contrastive-weight"
    case crossEntropyWeight = "cross-entropy-weight"
    case stopGradient = "stop-gradient"
    case labelSmoothing = "label-smoothing"
    case classes
    case evaluateEpochs = "evaluate-epochs"
    case `init`
    case epochs
    case steps
    case batchSize = "batch-size"
    case sampler
    case classesPerBatch = "classes-per-batch"
    case lastBatch = "last-batch"
    case shardSize = "shard-size"
    case views
    case augmentation
    case optimizer
    case learningRate = "learning-rate"
    case momentum
    case nesterov
    case beta1
    case beta2
    case rmspropDecay = "rmsprop-decay"
    case epsilon
    case weightDecay = "weight-decay"
    case weightDecayExclude = "weight-decay-exclude"
    case scaleLearningRate = "scale-learning-rate"
    case schedule
    case decayEpochs = "decay-epochs"
    case decayRate = "decay-rate"
    case epochsPerDecay = "epochs-per-decay"
    case warmupEpochs = "warmup-epochs"
    case precision
    case seed
    case threads
    case loaderThreads = "loader-threads"
    case activationMemory = "activation-memory"
    case overlap
    case checkpointSteps = "checkpoint-steps"
    case keep
    case logSteps = "log-steps"
  }

  /// The options that a resumed run may change: they decide who computes and what is kept, never what is computed.
  static let freeOnResume: Set<CodingKeys> = [
    .data, .steps, .threads, .loaderThreads, .activationMemory, .overlap, .checkpointSteps, .keep, .logSteps,
    .evaluateEpochs,
  ]

  /// The defaults.
  package init() {}
}

extension Configuration {
  /// How many shards a global batch has.
  package var shardCount: Int { batchSize / max(shardSize, 1) }

  /// λ·g, what the mean over anchors is multiplied with.
  package var lossScaleFactor: Double {
    contrastiveWeight * LossScale.factor(named: lossScale, temperature: temperature)
  }

  /// The words that say which loss it is.
  var lossChoice: LossChoice {
    LossChoice(
      isSimCLR: loss == "simclr", summation: summation, contrastMode: contrastMode, denominator: denominator,
      positivesCap: positivesCap, views: views)
  }

  /// The loss of a recipe that was validated.
  package var lossMode: LossMode {
    guard let mode = lossChoice.mode else {
      preconditionFailure("the recipe was not validated: \(lossChoice.problem ?? "no such loss")")
    }
    return mode
  }

  /// The precision of a recipe whose `auto` was resolved: one that a run or checkpoint holds.
  package var resolvedPrecision: Precision {
    guard let precision = Precision(rawValue: precision) else {
      preconditionFailure("the precision was not resolved: \(precision)")
    }
    return precision
  }

  /// Over how many steps the learning rate rises.
  package func warmupSteps(ofEpochWith stepsPerEpoch: Int) -> Int {
    Int((warmupEpochs * Double(stepsPerEpoch)).rounded())
  }

  /// The size of what the encoder sees.
  package func viewSize(of dataset: any ImageDataset) -> ImageSize {
    imageSize.map { size in ImageSize(width: size, height: size) } ?? dataset.viewSize
  }

  /// What is wrong with the options alone, or `nil`.
  ///
  /// - Parameter ranks: How many ranks the job has.
  /// - Returns: A sentence that names the option, what was expected and what to do.
  package func problem(ranks: Int) -> String? {
    let checks: [String?] = [
      choice("dataset", dataset, Self.datasetNames),
      dataProblem,
      atLeast("shapes-train", shapesTrain, 1, atMost: 10_000_000),
      atLeast("shapes-test", shapesTest, 1, atMost: 10_000_000),
      imageSize.flatMap { size in atLeast("image-size", size, 8, atMost: 2048) },
      networkProblem,
      choice("loss", loss, ["supcon", "simclr"]),
      choice("loss-scale", lossScale, LossScale.names),
      number("temperature", temperature, isAllowed: temperature > 0, "a number above 0"),
      atLeast("epochs", epochs, 1), steps.flatMap { steps in atLeast("steps", steps, 0) },
      atLeast("batch-size", batchSize, 1), atLeast("shard-size", shardSize, 1),
      batchSize.isMultiple(of: max(shardSize, 1))
        ? nil
        : "--batch-size \(batchSize): expected a multiple of --shard-size \(shardSize); choose \(max(batchSize / max(shardSize, 1), 1) * shardSize) or another shard size",
      ranks <= shardCount
        ? nil
        : "\(ranks) ranks for \(shardCount) shards (--batch-size \(batchSize) in shards of --shard-size \(shardSize)): start at most \(shardCount) ranks, or choose a smaller shard or a larger batch",
      choice("sampler", sampler, Self.samplers), samplerProblem,
      choice("last-batch", lastBatch, Sampler.LastBatch.allCases.map(\.rawValue)),
      atLeast("views", views, 1, atMost: 1024),
      loss == "simclr" && views < 2 ? "--views \(views): --loss simclr needs at least 2 views of each sample" : nil,
      lossChoice.problem, crossEntropyProblem, Augmentation.problem(augmentation), optimizationProblem,
      choice("precision", precision, ["auto", "float32", "bfloat16"]),
      Self.problem(ofThreads: threads),
      loaderThreads.flatMap { threads in atLeast("loader-threads", threads, 0, atMost: Self.largestThreadCount) },
      ActivationMemory(activationMemory) == nil
        ? "--activation-memory \(activationMemory): expected auto, or a number of bytes such as 800MB or 2GiB" : nil,
      choice("overlap", overlap, ["auto", "on", "off"]),
      checkpointSteps.flatMap { steps in atLeast("checkpoint-steps", steps, 1) },
      atLeast("keep", keep, 1), atLeast("log-steps", logSteps, 1),
    ]
    return checks.compactMap { problem in problem }.first
  }
}
