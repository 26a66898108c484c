import Synchronization

/// The passes of a convolution that read packed weights (in the order that oneDNN chose).
public struct WeightUses: OptionSet, Sendable {
  /// The set of passes as bits.
  public let rawValue: Int

  /// Creates a set of passes from bits.
  public init(rawValue: Int) {
    self.rawValue = rawValue
  }

  /// The use by the forward pass.
  public static let forward = WeightUses(rawValue: 1)
  /// The use by the computation of the input's gradient.
  public static let inputGradient = WeightUses(rawValue: 2)
  /// The uses by both passes.
  public static let all: WeightUses = [.forward, .inputGradient]
}

/// The memory in which the packed weights of a network's convolutions exist.
public enum PackedWeightStorage: Sendable {
  /// Memory for the forward pass and for the input gradient of each convolution.
  case separate
  /// One memory for both passes of a convolution, which use it in turn: only the weights loaded last are valid.
  case alternating
  /// One memory for all convolutions and passes of a network that a single thread uses: weights are packed immediately
  /// before each use.
  case onUse
}

/// The memory of one convolution's packed weights, which all threads of the process share.
public final class PackedWeightMemory: Sendable {
  /// The weights in the order of the forward pass.
  public let forward = DeferredMemory()
  /// The weights in the order for the input gradient; empty if that is not computed.
  public let inputGradient = DeferredMemory()

  private struct State {
    var storage = PackedWeightStorage.separate
    /// The passes whose weights are currently in memory.
    var loaded: WeightUses = []
    /// The number of the last load of new weights that a thread has begun.
    var turn = 0
  }

  private let state = Mutex(State())

  /// Creates memory of size 0.
  public init() {}

  /// Returns the size in bytes, with memory for each pass or for the pass that needs more.
  public func byteCount(_ storage: PackedWeightStorage) -> Int {
    storage == .separate
      ? forward.byteCount + inputGradient.byteCount : max(forward.byteCount, inputGradient.byteCount)
  }

  /// Changes the memory of the weights.
  ///
  /// - Parameters:
  ///   - storage: The memory to use from now on.
  ///   - common: The memory of all convolutions, for ``PackedWeightStorage/onUse``.
  /// - Precondition: No thread is using the weights, and they are loaded again before the next pass.
  public func setStorage(_ storage: PackedWeightStorage, common: DeferredMemory) {
    let (larger, smaller) =
      forward.byteCount >= inputGradient.byteCount ? (forward, inputGradient) : (inputGradient, forward)
    larger.use(storage == .onUse ? common : nil)
    smaller.use(storage == .onUse ? common : storage == .alternating ? larger : nil)
    state.withLock { state in
      state.storage = storage
      state.loaded = []
    }
  }

  /// True if the weights have to be packed immediately before each use.
  public var isPackedOnUse: Bool { state.withLock { state in state.storage == .onUse } }

  /// Records that weights are about to be loaded for some passes.
  public func beginLoading(_ uses: WeightUses) {
    state.withLock { state in
      precondition(state.storage == .separate || uses != .all, "the weights of two passes in the memory of one")
      state.loaded = state.storage == .separate ? state.loaded.union(uses) : uses
    }
  }

  /// Returns true for the first thread that calls it for a load of new weights; this thread must pack them for all.
  public func claim(turn: Int) -> Bool {
    state.withLock { state in
      defer { state.turn = turn }
      return state.turn != turn
    }
  }

  /// Checks that the weights of a pass are in memory, and ends the program otherwise.
  public func check(_ use: WeightUses) {
    precondition(state.withLock { state in state.loaded.contains(use) }, "the weights of this pass were not loaded")
  }
}
