import Configuration
import FlatVectors
import Losses
import Measures
import NeuralNet
import OneDNN

/// The cross-entropy branch: representations → classifier → logits.
struct Classification {
  /// The classifier's saved activations of one shard.
  final class Activations {
    /// The logits, `[rows, classes]`, which are overwritten by the gradient of the cross-entropy.
    fileprivate var logits: [Float]
    /// The teacher's logits, `[rows, classes]`; empty without a teacher.
    var teacherLogits: [Float]

    fileprivate init(count: Int, hasTeacher: Bool) {
      logits = Array(repeating: 0, count: count)
      teacherLogits = Array(repeating: 0, count: hasTeacher ? count : 0)
    }
  }

  private let classifier: LinearLayer
  private let crossEntropy: CrossEntropy
  /// The loss against the teacher's logits; `nil` without a teacher.
  private let distillation: Distillation?
  /// True if the cross-entropy sends no gradient to the encoder.
  private let isGradientStopped: Bool

  /// Registers the classifier's parameters under the names that torchvision and `supcon linear` use.
  ///
  /// - Throws: ``RunError`` if the configuration does not give the number of classes.
  package init(_ context: NetworkContext, _ configuration: Configuration, inputWidth: Int) throws(RunError) {
    let classCount = try configuration.classCount
    classifier = LinearLayer(
      context, Configuration.classifierName, inputWidth: inputWidth, outputWidth: classCount)
    crossEntropy = CrossEntropy(classCount: classCount, labelSmoothing: configuration.classifier.labelSmoothing)
    distillation = configuration.classifier.distillation
    isGradientStopped = configuration.classifier.stopGradient
  }

  /// Allocates the activations of a shard of `rows` views.
  func makeActivations(rows: Int) -> Activations {
    Activations(count: rows * crossEntropy.classCount, hasTeacher: distillation != nil)
  }

  /// Computes logits from representations.
  func forward(_ representations: Span<Float>, parameters: FlatVector, _ shard: Activations) throws(DNNLError) {
    var logits: [Float] = []
    swap(&logits, &shard.logits)
    defer { swap(&logits, &shard.logits) }
    var rows = logits.mutableSpan
    try parameters.withSpan { (parameters) throws(DNNLError) in
      try classifier.forward(representations, parameters: parameters, into: &rows)
    }
  }

  /// Computes a shard's weighted sum of cross-entropies, mixed with the loss against the teacher, and its number of
  /// correctly classified rows; the gradient replaces the logits.
  ///
  /// A row that mixes two samples counts as correct if its predicted class has the larger mixing weight.
  func crossEntropy(of shard: Activations, labels: RowLabels, weight: Double) -> (value: Double, correctCount: Int) {
    let classCount = crossEntropy.classCount
    let correctCount = (0..<labels.count).count { row in
      let scores = shard.logits[row * classCount..<(row + 1) * classCount]
      return ClassRank.rank(of: labels.mainLabel(ofRow: row), in: scores) == 0
    }
    var logits: [Float] = []
    swap(&logits, &shard.logits)
    defer { swap(&logits, &shard.logits) }
    guard let distillation else {
      var rows = logits.mutableSpan
      return (crossEntropy.lossAndGradient(of: &rows, labels: labels, weight: weight), correctCount)
    }
    var teacherGradient = [Float](repeating: 0, count: logits.count)
    var elements = teacherGradient.mutableSpan
    let distilled = distillation.lossAndGradient(
      of: logits.span, teacherLogits: shard.teacherLogits.span, classCount: classCount,
      rowWeight: weight * distillation.weight, gradient: &elements)
    var rows = logits.mutableSpan
    let labelled = crossEntropy.lossAndGradient(of: &rows, labels: labels, weight: weight * (1 - distillation.weight))
    for index in teacherGradient.indices {
      rows[index] += teacherGradient[index]
    }
    return (labelled + distilled, correctCount)
  }

  /// Writes the classifier's weight gradients and, unless it is stopped, the gradient of the representations.
  ///
  /// - Parameters:
  ///   - representations: The classifier's input.
  ///   - parameters: The parameters of the forward pass.
  ///   - shard: The shard's activations, which hold the gradient of its logits.
  ///   - gradient: Receives the classifier's weight gradients.
  ///   - inputGradient: Receives the gradient of the representations.
  ///   - isAdding: True to add to the gradient of another loss that `inputGradient` already holds.
  /// - Throws: `DNNLError` if a matrix product fails.
  func backward(
    _ representations: Span<Float>, parameters: FlatVector, _ shard: Activations,
    into gradient: inout MutableSpan<Float>,
    inputGradient: inout MutableSpan<Float>, isAdding: Bool
  ) throws(DNNLError) {
    let logitGradient = shard.logits
    guard isAdding else {
      return try parameters.withSpan { (parameters) throws(DNNLError) in
        try classifier.backward(
          input: representations, outputGradient: logitGradient.span, parameters: parameters, into: &gradient,
          inputGradient: &inputGradient)
      }
    }
    var own = [Float](repeating: 0, count: isGradientStopped ? 0 : representations.count)
    var ownGradient = own.mutableSpan
    try parameters.withSpan { (parameters) throws(DNNLError) in
      try classifier.backward(
        input: representations, outputGradient: logitGradient.span, parameters: parameters, into: &gradient,
        inputGradient: &ownGradient)
    }
    for index in own.indices {
      inputGradient[index] += own[index]
    }
  }
}
