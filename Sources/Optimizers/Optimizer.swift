/// An algorithm that updates parameters from their gradient.
///
/// Its state consists of a few vectors with the layout of the parameters, which checkpoints store and which can be
/// broadcast to all ranks. Every update is elementwise, or sums in a fixed order, so that the bits are the same on all
/// ranks.
public protocol Optimizer: Sendable {
  /// The names under which the vectors in ``state`` are stored in a checkpoint, in the same order.
  var stateNames: [String] { get }

  /// The names of the vectors in ``state`` in checkpoints of earlier versions, used if ``stateNames`` are missing.
  var formerStateNames: [String] { get }

  /// The vectors of the state, each with the layout of the parameters.
  var state: [[Float]] { get set }

  /// Updates the parameters in one step.
  ///
  /// - Parameters:
  ///   - parameters: The parameters, which are changed.
  ///   - gradient: The gradient of the parameters.
  ///   - learningRate: The learning rate of this step.
  ///   - step: The number of steps taken before this one.
  /// - Precondition: `parameters` and `gradient` have the layout for which the optimizer was created.
  mutating func update(_ parameters: inout [Float], gradient: Span<Float>, learningRate: Float, step: Int)
}

extension Optimizer {
  /// The names in ``stateNames``, for optimizers whose names have not changed.
  public var formerStateNames: [String] { stateNames }

  /// Checks that the vectors have the length for which the optimizer was created.
  func checkCounts(_ parameters: [Float], _ gradient: Span<Float>, _ decay: WeightDecay) {
    precondition(
      parameters.count == decay.count && gradient.count == decay.count,
      "\(parameters.count) parameters and \(gradient.count) gradients for an optimizer of \(decay.count)")
  }
}

// MARK: - Loops

/// Calls `update` for each parameter in a range, with its gradient and its element of one state vector.
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

/// Calls `update` for each parameter in a range, with its gradient and its elements of two state vectors.
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
