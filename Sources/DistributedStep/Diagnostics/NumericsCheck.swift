import Job
import NeuralNet
import OneDNN
import Synchronization

/// A search for the first layer output that is not finite, and its shard.
///
/// "First" means the order of computation: forward layer by layer, then backward from the last layer to the first.
final class NumericsCheck: Sendable {
  /// The location of a number that is NaN or infinite.
  struct Finding: Codable {
    /// The position of the number in the order of computation.
    let order: Int
    let shard: Int
    /// The name of the values that are not finite, in the plural, such as "the outputs of layer1.0".
    let what: String
  }

  private static let ofEmbeddings = 100_000
  private static let ofGradients = 1_000_000

  private let first = Mutex<Finding?>(nil)

  /// The finding that comes first in the order of computation; `nil` if there is none.
  var finding: Finding? { first.withLock { finding in finding } }

  /// Returns a function that checks the activations of one shard, to be passed to
  /// ``TrainingModel/forward(_:parameters:isRepeated:inspect:)``.
  func inspector(ofShard shard: Int) -> (_ layer: String, _ activation: Tensor) -> Void {
    var order = 0
    return { [self] layer, activation in
      if !activation.isFinite {
        note(order, shard, layer == "views" ? "the views" : "the outputs of \(layer)")
      }
      order += 1
    }
  }

  /// Checks the embeddings of one shard for NaN and infinity.
  func check(embeddings: [Float], shard: Int) {
    if !embeddings.span.isFinite {
      note(Self.ofEmbeddings, shard, "the embeddings")
    }
  }

  /// Checks the gradient of the parameters from one shard.
  func check(gradient: Span<Float>, _ layout: VectorLayout, shard: Int) {
    for (index, slice) in layout.slices.enumerated() where !gradient.extracting(slice.range).isFinite {
      // The backward pass begins with the last layer.
      note(Self.ofGradients - index, shard, "the gradients of \(slice.name)")
    }
  }

  private func note(_ order: Int, _ shard: Int, _ what: String) {
    first.withLock { first in
      if first.map({ first in (order, shard) < (first.order, first.shard) }) ?? true {
        first = Finding(order: order, shard: shard, what: what)
      }
    }
  }
}
