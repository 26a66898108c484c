/// What moves the parameters against their gradient.
///
/// A value whose memory is a few vectors in the layout of the parameters: a checkpoint saves them, a broadcast gives them to all ranks, and
/// nothing else has to be kept. Every update is elementwise, or sums in a fixed order, so the same bits come out everywhere.
public protocol Optimizer: Sendable {
  /// The names of the vectors of ``state`` in checkpoints.
  var stateNames: [String] { get }

  /// What it remembers of earlier steps, each vector in the layout of the parameters.
  var state: [[Float]] { get set }

  /// Takes one step.
  ///
  /// - Parameters:
  ///   - parameters: The parameters, which are moved.
  ///   - gradient: Their gradient.
  ///   - learningRate: The learning rate of this step.
  ///   - step: How many steps were taken before.
  /// - Precondition: `parameters` and `gradient` have the layout that the optimizer was made for.
  mutating func update(_ parameters: inout [Float], gradient: Span<Float>, learningRate: Float, step: Int)
}

extension Optimizer {
  /// Checks that vectors have the optimizer's layout.
  func checkCounts(_ parameters: [Float], _ gradient: Span<Float>, _ decay: WeightDecay) {
    precondition(
      parameters.count == decay.count && gradient.count == decay.count,
      "\(parameters.count) parameters and \(gradient.count) gradients for an optimizer of \(decay.count)")
  }
}
