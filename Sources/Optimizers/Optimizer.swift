/// An algorithm that moves parameters against their gradient.
///
/// A value whose state is a few vectors in the layout of the parameters: a checkpoint saves them and a broadcast copies them to all ranks.
/// Every update is elementwise, or sums in a fixed order, so that the bits are the same on all ranks.
public protocol Optimizer: Sendable {
  /// The names of the vectors of ``state`` in checkpoints.
  var stateNames: [String] { get }

  /// The names of the same vectors in checkpoints of earlier versions; read where the present ones are missing.
  var formerStateNames: [String] { get }

  /// The state that earlier steps left, each vector in the layout of the parameters.
  var state: [[Float]] { get set }

  /// Takes one step.
  ///
  /// - Parameters:
  ///   - parameters: The parameters, which are moved.
  ///   - gradient: Their gradient.
  ///   - learningRate: The learning rate of this step.
  ///   - step: The number of earlier steps.
  /// - Precondition: `parameters` and `gradient` have the layout that the optimizer was made for.
  mutating func update(_ parameters: inout [Float], gradient: Span<Float>, learningRate: Float, step: Int)
}

extension Optimizer {
  /// The present names.
  public var formerStateNames: [String] { stateNames }

  /// Checks that vectors have the optimizer's layout.
  func checkCounts(_ parameters: [Float], _ gradient: Span<Float>, _ decay: WeightDecay) {
    precondition(
      parameters.count == decay.count && gradient.count == decay.count,
      "\(parameters.count) parameters and \(gradient.count) gradients for an optimizer of \(decay.count)")
  }
}

// MARK: - Loops

/// Updates each parameter of a range with its gradient and its element of one vector of state.
///
/// - Precondition: The range is within all vectors.
@inline(__always)
func updateEach(
  in range: Range<Int>, _ parameters: inout [Float], _ gradient: Span<Float>, _ state: inout [Float],
  _ update: (_ parameter: inout Float, _ gradient: Float, _ state: inout Float) -> Void
) {
  var parameters = parameters.mutableSpan
  var state = state.mutableSpan
  for index in range {
    unsafe update(&parameters[unchecked: index], gradient[unchecked: index], &state[unchecked: index])
  }
}

/// Updates each parameter of a range with its gradient and its elements of two vectors of state.
///
/// - Precondition: The range is within all vectors.
@inline(__always)
func updateEach(
  in range: Range<Int>, _ parameters: inout [Float], _ gradient: Span<Float>, _ first: inout [Float],
  _ second: inout [Float],
  _ update: (_ parameter: inout Float, _ gradient: Float, _ first: inout Float, _ second: inout Float) -> Void
) {
  var parameters = parameters.mutableSpan
  var first = first.mutableSpan
  var second = second.mutableSpan
  for index in range {
    unsafe update(
      &parameters[unchecked: index], gradient[unchecked: index], &first[unchecked: index], &second[unchecked: index])
  }
}
