import Synchronization

/// The passes that read packed weights.
public struct WeightUses: OptionSet, Sendable {
  /// The bits.
  public let rawValue: Int

  /// Uses by their bits.
  public init(rawValue: Int) {
    self.rawValue = rawValue
  }

  /// The forward pass.
  public static let forward = WeightUses(rawValue: 1)
  /// The gradient of the input.
  public static let inputGradient = WeightUses(rawValue: 2)
  /// Both.
  public static let all: WeightUses = [.forward, .inputGradient]
}

/// The memory of one convolution's packed weights, which all threads of a process read.
public final class PackedWeightMemory: Sendable {
  /// The weights in the order of the forward pass.
  public let forward = DeferredMemory()
  /// The weights in the order of the gradient of the input; empty where that is not computed.
  public let inputGradient = DeferredMemory()

  private struct State {
    var isAlternating = false
    /// The passes whose weights are in memory.
    var loaded: WeightUses = []
    /// The last load that a thread has begun.
    var turn = 0
  }

  private let state = Mutex(State())

  /// No memory yet.
  public init() {}

  /// The size in bytes.
  public func byteCount(isAlternating: Bool) -> Int {
    isAlternating ? max(forward.byteCount, inputGradient.byteCount) : forward.byteCount + inputGradient.byteCount
  }

  /// Makes the weights of both passes take turns in one memory, so that only those loaded last are valid, or gives each its own.
  ///
  /// - Precondition: No thread uses the weights, and they are loaded anew before the next pass.
  public func setAlternating(_ isAlternating: Bool) {
    let (larger, smaller) =
      forward.byteCount >= inputGradient.byteCount ? (forward, inputGradient) : (inputGradient, forward)
    smaller.use(isAlternating ? larger : nil)
    state.withLock { state in
      state.isAlternating = isAlternating
      state.loaded = []
    }
  }

  /// Notes that weights are about to be loaded for some passes.
  public func beginLoading(_ uses: WeightUses) {
    state.withLock { state in
      precondition(!state.isAlternating || uses != .all, "the weights of two passes in the memory of one")
      state.loaded = state.isAlternating ? uses : state.loaded.union(uses)
    }
  }

  /// Returns true to the first thread of a turn that asks: it is to load the weights for all.
  public func claim(turn: Int) -> Bool {
    state.withLock { state in
      defer { state.turn = turn }
      return state.turn != turn
    }
  }

  /// Checks that the weights of a pass are in memory.
  public func check(_ use: WeightUses) {
    precondition(state.withLock { state in state.loaded.contains(use) }, "the weights of this pass were not loaded")
  }
}
