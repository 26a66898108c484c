import OneDNN
import Synchronization

/// The weights of a network's convolutions in the order that oneDNN or the Winograd method reads ("packed"), shared by
/// all threads.
public final class PackedWeights: Sendable {
  private let memories = Mutex<[String: PackedWeightMemory]>([:])

  /// Creates a collection without weights.
  public init() {}

  /// Returns the memory of the weights of the convolution with a name.
  func memory(of name: String) -> PackedWeightMemory {
    memories.withLock { memories in
      let memory = memories[name] ?? PackedWeightMemory()
      memories[name] = memory
      return memory
    }
  }

  /// Returns the size of all weights in bytes; if alternating, both passes of a convolution share its memory.
  public func byteCount(isAlternating: Bool) -> Int {
    memories.withLock { memories in
      memories.values.reduce(0) { sum, memory in sum + memory.byteCount(isAlternating: isAlternating) }
    }
  }

  /// Selects the memory of weights: shared by the forward pass and the input gradients in turn, so that only the
  /// weights loaded last are valid, or separate.
  ///
  /// - Precondition: No thread is using the weights, and they are loaded again before the next pass.
  public func setAlternating(_ isAlternating: Bool) {
    for memory in memories.withLock({ memories in Array(memories.values) }) {
      memory.setAlternating(isAlternating)
    }
  }
}

/// A request to pack new weights.
public struct WeightLoading: Sendable {
  /// The passes that will read the weights.
  public let uses: WeightUses
  /// The number of the load, if several threads pack different convolutions of it; `nil` for a single thread.
  public let turn: Int?

  /// Requests the weights for some passes; with `turn`, the first thread that reaches a convolution packs its weights.
  public init(_ uses: WeightUses = .all, turn: Int? = nil) {
    self.uses = uses
    self.turn = turn
  }
}
