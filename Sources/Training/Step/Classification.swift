import Configuration
import Evaluation
import Losses
import NeuralNet
import OneDNN

/// The branch of the cross-entropy: representations → classifier → logits.
struct Classification {
  /// What a shard's pass leaves.
  final class Pass {
    /// `[rows, classes]`; after the cross-entropy its gradient.
    fileprivate var logits: [Float]

    fileprivate init(count: Int) {
      logits = Array(repeating: 0, count: count)
    }
  }

  private let classifier: LinearLayer
  private let crossEntropy: CrossEntropy
  /// Whether the encoder learns nothing from this loss.
  private let isGradientStopped: Bool

  /// Registers the classifier's parameters as the linear stage and torchvision name theirs.
  ///
  /// - Throws: ``RunError`` if the recipe does not say how many classes there are.
  package init(_ context: NetworkContext, _ configuration: Configuration, inputWidth: Int) throws(RunError) {
    let classCount = try configuration.classCount
    classifier = LinearLayer(
      context, Configuration.classifierName, inputWidth: inputWidth, outputWidth: classCount)
    crossEntropy = CrossEntropy(classCount: classCount, labelSmoothing: configuration.labelSmoothing)
    isGradientStopped = configuration.stopGradient
  }

  /// Makes room for the pass of a shard of `rows` views.
  func makePass(rows: Int) -> Pass {
    Pass(count: rows * crossEntropy.classCount)
  }

  /// Representations → logits.
  func forward(_ representations: Span<Float>, parameters: [Float], _ pass: Pass) throws(DNNLError) {
    var logits: [Float] = []
    swap(&logits, &pass.logits)
    defer { swap(&logits, &pass.logits) }
    var rows = logits.mutableSpan
    try classifier.forward(representations, parameters: parameters.span, into: &rows)
  }

  /// The weighted sum of the rows' losses, whose gradient takes the place of the logits, and how many rows have their class first.
  func crossEntropy(of pass: Pass, labels: [Int32], weight: Double) -> (value: Double, correctCount: Int) {
    let classCount = crossEntropy.classCount
    let correctCount = labels.indices.count { row in
      let scores = pass.logits[row * classCount..<(row + 1) * classCount]
      return ClassRank.rank(of: Int(labels[row]), in: scores) == 0
    }
    var logits: [Float] = []
    swap(&logits, &pass.logits)
    defer { swap(&logits, &pass.logits) }
    var rows = logits.mutableSpan
    return (crossEntropy.lossAndGradient(of: &rows, labels: labels.span, weight: weight), correctCount)
  }

  /// Writes the classifier's gradients to their places, and passes the gradient of the representations on unless it is stopped.
  ///
  /// - Parameters:
  ///   - representations: What the classifier saw.
  ///   - parameters: The parameters of the forward pass.
  ///   - pass: The shard, with the gradient of its logits.
  ///   - gradient: Receives the classifier's gradients.
  ///   - inputGradient: Receives the gradient of the representations.
  ///   - isAdding: Whether it is added to what another loss left there.
  /// - Throws: `DNNLError` if a product fails.
  func backward(
    _ representations: Span<Float>, parameters: [Float], _ pass: Pass, into gradient: inout MutableSpan<Float>,
    inputGradient: inout MutableSpan<Float>, isAdding: Bool
  ) throws(DNNLError) {
    let logitGradient = pass.logits
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
