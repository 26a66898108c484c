import OneDNN
import Synchronization

/// The packed weights of a network's convolutions, once for all threads of a process.
public final class PackedWeights: Sendable {
  private let memories = Mutex<[String: PackedWeightMemory]>([:])

  /// No weights yet.
  public init() {}

  /// The memory of the weights of the convolution with a name.
  func memory(of name: String) -> PackedWeightMemory {
    memories.withLock { memories in
      let memory = memories[name] ?? PackedWeightMemory()
      memories[name] = memory
      return memory
    }
  }

  /// The size of all weights in bytes, if the weights of both passes take turns or not.
  public func byteCount(isAlternating: Bool) -> Int {
    memories.withLock { memories in
      memories.values.reduce(0) { sum, memory in sum + memory.byteCount(isAlternating: isAlternating) }
    }
  }

  /// Makes the weights of forward pass and input gradients take turns in one memory, so that only those loaded last are valid, or gives
  /// each its own.
  ///
  /// - Precondition: No thread uses the weights, and they are loaded anew before the next pass.
  public func setAlternating(_ isAlternating: Bool) {
    for memory in memories.withLock({ memories in Array(memories.values) }) {
      memory.setAlternating(isAlternating)
    }
  }
}

/// The packing of new weights.
public struct WeightLoading: Sendable {
  /// The passes that will read them.
  public let uses: WeightUses
  /// The number of the load where several threads share it, each convolution packed by one of them; `nil` for one thread.
  public let turn: Int?

  /// Weights for some passes, packed by this thread or, in a turn, by the first that comes to a convolution.
  public init(_ uses: WeightUses = .all, turn: Int? = nil) {
    self.uses = uses
    self.turn = turn
  }
}
