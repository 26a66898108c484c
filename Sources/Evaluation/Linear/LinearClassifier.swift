import Configuration
import Datasets
import FlatVectors
import KeyedRandomness
import Losses
import MPI
import Measures
import NeuralNet
import OneDNN
import Optimizers

/// A linear classifier on fixed features, trained with cross-entropy by all ranks.
///
/// Samples are computed in shards (fixed parts of a batch) whose gradients are summed in a fixed tree order, so that
/// the weights are the same on any number of ranks.
final class LinearClassifier {
  /// The hyperparameters of the classifier's training.
  struct Settings: Sendable {
    var epochs: Int
    var batchSize: Int
    var shardSize: Int
    var learningRate: Double
    var momentum: Double
    var weightDecay: Double
    var seed: UInt64
  }

  /// The names, shapes and offsets of the weight and the bias in ``parameters``.
  let layout: VectorLayout
  /// The weight `[classes, width]` followed by the bias `[classes]`.
  let parameters: FlatVector

  private let settings: Settings
  private let layer: LinearLayer
  private let width: Int
  private let classCount: Int
  private let crossEntropy: CrossEntropy
  private let shards: BlockPartition
  private let reduction: TreeReduction<Float>
  private let optimizer: SGD
  private var reduced: [Float]

  /// Creates a classifier with initial weights.
  init(_ settings: Settings, width: Int, classCount: Int, over world: borrowing Communicator) {
    self.settings = settings
    self.width = width
    self.classCount = classCount
    crossEntropy = CrossEntropy(classCount: classCount)
    var layout = VectorLayout()
    layer = LinearLayer(&layout, Configuration.classifierName, inputWidth: width, outputWidth: classCount)
    self.layout = layout
    parameters = FlatVector(layout.initialValues(seed: settings.seed))
    optimizer = SGD(
      momentum: Float(settings.momentum), usesNesterov: false,
      weightDecay: WeightDecay(Float(settings.weightDecay), of: layout))
    shards = BlockPartition(total: settings.batchSize / settings.shardSize, parts: world.size)
    reduction = TreeReduction(length: layout.count + 1, shards: shards, rank: world.rank)
    reduced = Array(repeating: 0, count: layout.count + 1)
  }

  /// Trains for one epoch; an incomplete last batch is dropped.
  ///
  /// Collective.
  ///
  /// - Returns: The mean loss over the epoch.
  func trainEpoch(
    _ epoch: Int, features: [Float], labels: [Int32], over world: borrowing Communicator
  ) throws -> Double {
    let order = SampleOrder.permutation(
      of: labels.count, seed: settings.seed, epoch: epoch, purpose: .linearSampleOrder)
    let steps = labels.count / settings.batchSize
    world.activity.begin("linear classifier, epoch \(epoch + 1)")
    let schedule = LearningRateSchedule(
      peak: settings.learningRate, warmupSteps: 0, decay: .cosine(steps: steps * settings.epochs))
    var lossSum = 0.0
    for step in 0..<steps {
      for shard in shards[world.rank] {
        let first = step * settings.batchSize + shard * settings.shardSize
        let vector = try shardVector(
          order[first..<first + settings.shardSize], features: features, labels: labels)
        reduction.add(vector.span, shard: shard)
      }
      try reduction.finish(over: world, into: &reduced)
      optimizer.update(
        parameters, gradient: reduced.span.extracting(0..<layout.count),
        learningRate: schedule.learningRate(atStep: epoch * steps + step), step: epoch * steps + step)
      lossSum += Double(reduced[layout.count])
      world.activity.progressed()
    }
    return lossSum / Double(max(steps, 1))
  }

  /// Returns one shard's vector for the sum over shards: the gradient, then the value, of its part of the mean
  /// cross-entropy.
  private func shardVector(
    _ samples: ArraySlice<Int32>, features: [Float], labels: [Int32]
  ) throws -> [Float] {
    var input: [Float] = []
    for sample in samples {
      input += features[Int(sample) * width..<(Int(sample) + 1) * width]
    }
    var logitGradient = try logits(input)
    var lines = logitGradient.mutableSpan
    let sampleLabels = samples.map { sample in labels[Int(sample)] }
    let loss = crossEntropy.lossAndGradient(
      of: &lines, labels: RowLabels(sampleLabels), weight: 1 / Double(settings.batchSize))
    var vector = [Float](repeating: 0, count: reduction.length)
    vector[layout.count] = Float(loss)
    var gradient = vector.mutableSpan
    var nothing: [Float] = []
    var noInputGradient = nothing.mutableSpan
    try parameters.withSpan { (parameters) throws(DNNLError) in
      try layer.backward(
        input: input.span, outputGradient: logitGradient.span, parameters: parameters, into: &gradient,
        inputGradient: &noInputGradient)
    }
    return vector
  }

  private func logits(_ input: [Float]) throws -> [Float] {
    var logits = [Float](repeating: 0, count: input.count / width * classCount)
    var rows = logits.mutableSpan
    try parameters.withSpan { (parameters) throws(DNNLError) in
      try layer.forward(input.span, parameters: parameters, into: &rows)
    }
    return logits
  }

  /// Counts the correct predictions over all ranks.
  ///
  /// Collective; each rank evaluates its own part of the samples.
  ///
  /// - Parameters:
  ///   - features: The features of the samples, `[samples, width]`.
  ///   - labels: The class of each sample.
  ///   - world: The ranks.
  ///   - check: Receives the logits of each sample, and throws if they cannot be used.
  /// - Returns: The numbers of correct predictions.
  /// - Throws: ``CollectiveError`` with the error of `check`.
  func accuracy(
    features: [Float], labels: [Int32], over world: borrowing Communicator,
    checking check: @Sendable (_ logits: [Float]) throws -> Void = { _ in }
  ) throws -> TestAccuracy {
    let width = width
    // Safe: a rank calls it from one thread.
    nonisolated(unsafe) let classifier = self
    // Row by row: the last bits of a matrix product may depend on the number of its rows.
    return try TestAccuracy(labels: labels, classCount: classCount, blockSize: 1, over: world) { samples in
      let rows = Array(features[samples.lowerBound * width..<samples.upperBound * width])
      let logits = try unsafe classifier.logits(rows)
      try check(logits)
      return logits
    }
  }
}
