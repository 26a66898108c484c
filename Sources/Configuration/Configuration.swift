import DataLoading
import Datasets
import ImageCodecs
import Losses
import NeuralNet
import Optimizers

/// The options of a training run as typed values, as stored in `config.yaml` and in each checkpoint.
///
/// ``ConfigurationOption/all`` is the table of each option's name, parser, help text and rules.
package struct Configuration: Sendable, Equatable {
  package var data = DataOptions()
  package var views = ViewOptions()
  package var model = ModelOptions()
  package var head = HeadOptions()
  package var loss = LossOptions()
  package var classifier = ClassifierOptions()
  package var optimizer = OptimizerOptions()
  package var schedule = ScheduleOptions()
  package var batches = BatchOptions()
  package var compute = ComputeOptions()
  package var checkpoints = CheckpointOptions()

  /// Creates the default options of `supcon pretrain`.
  package init() {}
}

extension Configuration {
  /// True if the loss has a contrastive term, which needs a projection head.
  package var isContrasting: Bool { loss.weight > 0 }

  /// True if the loss has a cross-entropy term, which needs a classifier.
  package var isClassifying: Bool { classifier.weight > 0 }

  /// True if the contrastive loss has class prototypes.
  package var hasPrototypes: Bool { isContrasting && loss.variant.hasPrototypes }

  /// True if parameters or loss depend on the number of classes.
  package var needsClassCount: Bool { isClassifying || hasPrototypes }

  /// The command that trains with this configuration: `pretrain` with a contrastive loss, else `supervised`.
  package var command: TrainingCommand { isContrasting ? .pretrain : .supervised }

  /// The name of the loss in `summary.json` and other reports.
  package var lossName: String {
    isContrasting ? (isClassifying ? "\(loss.kind.rawValue)+cross-entropy" : loss.kind.rawValue) : "cross-entropy"
  }

  /// The factor w·g of the mean loss over anchors (w: `--contrastive-weight`, g: ``LossOptions/Scale``).
  package var lossScaleFactor: Double { loss.weight * loss.scale.factor(temperature: loss.temperature) }

  /// The encoder's architecture.
  package var architecture: ResNetArchitecture { model.architecture }

  /// The number of channels of each group of residual blocks in the encoder.
  package var groupWidths: [Int] { architecture.widths }

  /// The architecture of the projection head.
  package var headArchitecture: ProjectionHeadArchitecture {
    head.architecture(representationWidth: architecture.representationWidth)
  }

  /// The width of the embeddings; without a projection head, the width of the representations.
  package var widthOfEmbeddings: Int { headArchitecture.widths.last ?? architecture.representationWidth }

  /// The number of classes: of the classifier's outputs and of the prototypes.
  ///
  /// - Throws: ``RunError`` if the number is unknown because the training set was never opened.
  package var classCount: Int {
    get throws(RunError) {
      guard let classes = classifier.classes, classes > 0 else {
        throw RunError(
          .configuration,
          "the configuration has \(isClassifying ? "cross-entropy-weight \(plain(classifier.weight))" : "prototypes"), but its classes are missing",
          remedy: "put back the run's own config.yaml")
      }
      return classes
    }
  }

  /// Returns the height and width of the encoder's input.
  package func viewSize(of dataset: any ImageDataset) -> ImageSize {
    data.imageSize.map { size in ImageSize(width: size, height: size) } ?? dataset.viewSize
  }

  /// Returns the height and width of the encoder's input at the current stage of progressive resizing.
  package func trainingViewSize(of dataset: any ImageDataset) -> ImageSize {
    views.stageSize.map { size in ImageSize(width: size, height: size) } ?? viewSize(of: dataset)
  }

  /// Creates the optimizer, with zero state, for parameters of the given layout.
  package func makeOptimizer(_ layout: VectorLayout) -> any Optimizer { optimizer.makeOptimizer(layout) }

  /// Returns the learning rate schedule for an epoch of `stepsPerEpoch` steps.
  package func learningRateSchedule(stepsPerEpoch: Int) -> LearningRateSchedule {
    LearningRateSchedule(
      peak: optimizer.peakLearningRate(batchSize: batches.size),
      warmupSteps: schedule.warmupSteps(stepsPerEpoch: stepsPerEpoch),
      decay: schedule.decay(stepsPerEpoch: stepsPerEpoch))
  }

  /// Creates the sampler that divides a training set into global batches.
  ///
  /// - Parameters:
  ///   - dataset: The training set.
  ///   - ranks: The number of ranks.
  /// - Returns: The sampler.
  /// - Throws: ``RunError`` if the batches do not fit the ranks, or the dataset cannot fill them.
  package func makeSampler(_ dataset: any ImageDataset, ranks: Int) throws(RunError) -> Sampler {
    if let problem = batches.problem(ranks: ranks) ?? balanceProblem(ranks: ranks) { throw problem }
    return try batches.makeSampler(dataset, seed: compute.seed, isContrasting: isContrasting, ranks: ranks)
  }

  /// Sets the length of the learning rate warm-up if it was not given.
  ///
  /// - Parameters:
  ///   - stepsPerEpoch: The number of steps of an epoch.
  ///   - report: Receives a note if the warm-up is longer than an epoch.
  package mutating func resolveWarmup(stepsPerEpoch: Int, report: Reporter) {
    guard schedule.resolveWarmup(stepsPerEpoch: stepsPerEpoch, isContrasting: isContrasting) else { return }
    let steps = schedule.warmupSteps(stepsPerEpoch: stepsPerEpoch)
    let limit = steps < ScheduleOptions.leastContrastiveWarmupSteps ? ", half of this short run" : ""
    report(
      "warm-up: \(decimal(schedule.warmupEpochs ?? 0, 1)) epochs (\(counted(steps, "step")))\(limit), as --warmup-epochs is not given"
    )
  }

  /// Replaces `stem: auto` by the input stem that suits the size of views.
  package mutating func resolveStem(for viewSize: ImageSize) { model.resolveStem(for: viewSize) }
}
