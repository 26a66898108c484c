import OneDNN
import Synchronization

/// The weights of a network's convolutions in the order in which they are read ("packed"), shared by all threads.
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

  /// Returns the total size of the weights in bytes.
  public func byteCount(_ storage: PackedWeightStorage) -> Int {
    let sizes = memories.withLock { memories in memories.values.map { memory in memory.byteCount(storage) } }
    return storage == .onUse ? sizes.max() ?? 0 : sizes.reduce(0, +)
  }

  /// Changes the memory of the weights.
  ///
  /// - Parameters:
  ///   - storage: The memory to use from now on.
  ///   - common: The memory of all convolutions, for ``PackedWeightStorage/onUse``.
  /// - Precondition: No thread is using the weights, and they are loaded again before the next pass.
  public func setStorage(_ storage: PackedWeightStorage, common: DeferredMemory = DeferredMemory()) {
    for memory in memories.withLock({ memories in Array(memories.values) }) {
      memory.setStorage(storage, common: common)
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
