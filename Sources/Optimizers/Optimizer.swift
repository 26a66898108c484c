import FlatVectors

/// An algorithm that updates parameters from their gradient.
///
/// Its state consists of a few vectors with the layout of the parameters, which checkpoints store and which can be
/// broadcast to all ranks, or be in memory that the ranks of a host share. Every update is elementwise, or sums within
/// one tensor in a fixed order: the bits are the same on all ranks, and for any division of the tensors among ranks.
public protocol Optimizer: Sendable {
  /// The names under which the vectors in ``state`` are stored in a checkpoint, in the same order.
  var stateNames: [String] { get }

  /// The names of the vectors in ``state`` in checkpoints of earlier versions, used if ``stateNames`` are missing.
  var formerStateNames: [String] { get }

  /// The vectors of the state, each with the layout of the parameters.
  var state: [FlatVector] { get set }

  /// Updates a range of the parameters, and that of the state, in one step.
  ///
  /// - Parameters:
  ///   - parameters: The parameters, which are changed.
  ///   - gradient: The gradient of all parameters.
  ///   - range: The parameters to update: one or more whole tensors.
  ///   - learningRate: The learning rate of this step.
  ///   - step: The number of steps taken before this one.
  /// - Precondition: `parameters` and `gradient` have the layout for which the optimizer was created.
  func update(
    _ parameters: FlatVector, gradient: Span<Float>, in range: Range<Int>, learningRate: Float, step: Int)
}

extension Optimizer {
  /// The names in ``stateNames``, for optimizers whose names have not changed.
  public var formerStateNames: [String] { stateNames }

  /// Updates all parameters in one step.
  public func update(_ parameters: FlatVector, gradient: Span<Float>, learningRate: Float, step: Int) {
    update(parameters, gradient: gradient, in: parameters.indices, learningRate: learningRate, step: step)
  }

  /// Checks that the vectors have the length for which the optimizer was created.
  func checkCounts(_ parameters: FlatVector, _ gradient: Span<Float>, _ decay: WeightDecay) {
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
  in range: Range<Int>, _ parameters: FlatVector, _ gradient: Span<Float>, _ state: FlatVector,
  _ update: (_ parameter: inout Float, _ gradient: Float, _ state: inout Float) -> Void
) {
  let gradient = gradient.extracting(range)
  parameters.withMutableSpan(range) { parameters in
    state.withMutableSpan(range) { state in
      for index in 0..<range.count {
        unsafe update(&parameters[unchecked: index], gradient[unchecked: index], &state[unchecked: index])
      }
    }
  }
}

/// Calls `update` for each parameter in a range, with its gradient and its elements of two state vectors.
///
/// - Precondition: The range is within all vectors.
@inline(__always)
func updateEach(
  in range: Range<Int>, _ parameters: FlatVector, _ gradient: Span<Float>, _ first: FlatVector, _ second: FlatVector,
  _ update: (_ parameter: inout Float, _ gradient: Float, _ first: inout Float, _ second: inout Float) -> Void
) {
  let gradient = gradient.extracting(range)
  parameters.withMutableSpan(range) { parameters in
    first.withMutableSpan(range) { first in
      second.withMutableSpan(range) { second in
        for index in 0..<range.count {
          unsafe update(
            &parameters[unchecked: index], gradient[unchecked: index], &first[unchecked: index],
            &second[unchecked: index])
        }
      }
    }
  }
}
