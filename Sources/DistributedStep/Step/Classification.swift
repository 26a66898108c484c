import Configuration
import Evaluation
import Losses
import Measures
import NeuralNet
import OneDNN

/// The cross-entropy branch: representations → classifier → logits.
struct Classification {
  /// The saved activations of one shard.
  final class Activations {
    /// `[rows, classes]`; after the cross-entropy its gradient.
    fileprivate var logits: [Float]

    fileprivate init(count: Int) {
      logits = Array(repeating: 0, count: count)
    }
  }

  private let classifier: LinearLayer
  private let crossEntropy: CrossEntropy
  /// True if this loss sends no gradient to the encoder.
  private let isGradientStopped: Bool

  /// Registers the classifier's parameters as the linear stage and torchvision name theirs.
  ///
  /// - Throws: ``RunError`` if the configuration does not give the number of classes.
  package init(_ context: NetworkContext, _ configuration: Configuration, inputWidth: Int) throws(RunError) {
    let classCount = try configuration.classCount
    classifier = LinearLayer(
      context, Configuration.classifierName, inputWidth: inputWidth, outputWidth: classCount)
    crossEntropy = CrossEntropy(classCount: classCount, labelSmoothing: configuration.classifier.labelSmoothing)
    isGradientStopped = configuration.classifier.stopGradient
  }

  /// Allocates the activations of a shard of `rows` views.
  func makeActivations(rows: Int) -> Activations {
    Activations(count: rows * crossEntropy.classCount)
  }

  /// Representations → logits.
  func forward(_ representations: Span<Float>, parameters: [Float], _ shard: Activations) throws(DNNLError) {
    var logits: [Float] = []
    swap(&logits, &shard.logits)
    defer { swap(&logits, &shard.logits) }
    var rows = logits.mutableSpan
    try classifier.forward(representations, parameters: parameters.span, into: &rows)
  }

  /// The weighted sum of the rows' losses, whose gradient replaces the logits, and the number of rows classified correctly.
  ///
  /// A row that mixes two samples is classified correctly if it is given the class with the larger weight.
  func crossEntropy(of shard: Activations, labels: RowLabels, weight: Double) -> (value: Double, correctCount: Int) {
    let classCount = crossEntropy.classCount
    let correctCount = (0..<labels.count).count { row in
      let scores = shard.logits[row * classCount..<(row + 1) * classCount]
      return ClassRank.rank(of: labels.mainLabel(ofRow: row), in: scores) == 0
    }
    var logits: [Float] = []
    swap(&logits, &shard.logits)
    defer { swap(&logits, &shard.logits) }
    var rows = logits.mutableSpan
    return (crossEntropy.lossAndGradient(of: &rows, labels: labels, weight: weight), correctCount)
  }

  /// Writes the classifier's gradients to their places, and passes the gradient of the representations on unless it is stopped.
  ///
  /// - Parameters:
  ///   - representations: The classifier's input.
  ///   - parameters: The parameters of the forward shard.
  ///   - shard: The shard, with the gradient of its logits.
  ///   - gradient: Receives the classifier's gradients.
  ///   - inputGradient: Receives the gradient of the representations.
  ///   - isAdding: True if it is added to the gradient of another loss there.
  /// - Throws: `DNNLError` if a product fails.
  func backward(
    _ representations: Span<Float>, parameters: [Float], _ shard: Activations, into gradient: inout MutableSpan<Float>,
    inputGradient: inout MutableSpan<Float>, isAdding: Bool
  ) throws(DNNLError) {
    let logitGradient = shard.logits
    guard isAdding else {
      return try classifier.backward(
        input: representations, outputGradient: logitGradient.span, parameters: parameters.span, into: &gradient,
        inputGradient: &inputGradient)
    }
    var own = [Float](repeating: 0, count: isGradientStopped ? 0 : representations.count)
    var ownGradient = own.mutableSpan
    try classifier.backward(
      input: representations, outputGradient: logitGradient.span, parameters: parameters.span, into: &gradient,
      inputGradient: &ownGradient)
    for index in own.indices {
      inputGradient[index] += own[index]
    }
  }
}
