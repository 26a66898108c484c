import Synchronization

/// Memory whose size grows while a network is compiled, and which is allocated when it is first used.
///
/// Tensors that are never in use at the same time share one object, so that they need only the memory of the largest.
@safe
public final class DeferredMemory: Sendable {
  private struct State {
    var byteCount: Int
    /// The address of the allocated bytes, as a number since pointers are not `Sendable`; 0 before the first use.
    var storage: UInt = 0
    /// The object whose memory is used instead; `nil` if this object has memory of its own.
    var other: DeferredMemory?
    /// True if it never has memory of its own.
    var isBorrowing = false

    /// The bytes of its own memory.
    var ownByteCount: Int { other == nil && !isBorrowing ? byteCount : 0 }
  }

  private let state: Mutex<State>

  private static let plannedBytes = Atomic(0)

  /// The total number of bytes of all ``DeferredMemory`` of this process, including memory that is not allocated yet.
  static var plannedByteCount: Int { plannedBytes.load(ordering: .relaxed) }

  /// Creates memory of at least `byteCount` bytes.
  public init(byteCount: Int = 0) {
    state = Mutex(State(byteCount: byteCount))
    Self.plannedBytes.wrappingAdd(byteCount, ordering: .relaxed)
  }

  /// Creates memory that is always that of another object.
  ///
  /// - Parameter byteCount: The size in bytes.
  public init(borrowing byteCount: Int) {
    state = Mutex(State(byteCount: byteCount, isBorrowing: true))
  }

  deinit {
    state.withLock { state in
      Self.plannedBytes.wrappingSubtract(state.ownByteCount, ordering: .relaxed)
      Self.deallocate(&state.storage)
    }
  }

  private static func deallocate(_ storage: inout UInt) {
    unsafe UnsafeMutableRawPointer(bitPattern: storage)?.deallocate()
    storage = 0
  }

  /// The size of the memory in bytes.
  public var byteCount: Int { state.withLock { state in state.byteCount } }

  /// Increases the size to at least `byteCount` bytes.
  ///
  /// - Returns: False if the memory is smaller and cannot grow because it is already in use.
  @discardableResult public func reserve(_ byteCount: Int) -> Bool {
    state.withLock { state in
      guard byteCount > state.byteCount else { return true }
      guard state.storage == 0, state.other == nil, !state.isBorrowing else { return false }
      Self.plannedBytes.wrappingAdd(byteCount - state.byteCount, ordering: .relaxed)
      state.byteCount = byteCount
      return true
    }
  }

  /// Makes this object use the memory of `other` from now on, or its own memory for `nil`.
  ///
  /// - Precondition: `other` is at least as large, and uses its own memory.
  public func use(_ other: DeferredMemory?) {
    if let other {
      precondition(other.byteCount >= byteCount && other !== self, "memory that is too small")
    }
    state.withLock { state in
      let before = state.ownByteCount
      Self.deallocate(&state.storage)
      state.other = other
      Self.plannedBytes.wrappingAdd(state.ownByteCount - before, ordering: .relaxed)
    }
  }

  /// The address of the first byte, 64-byte aligned and zeroed when it is allocated; valid until ``use(_:)`` is called.
  @unsafe public var address: UnsafeMutableRawPointer {
    if let other = state.withLock({ state in state.other }) {
      return unsafe other.address
    }
    let storage = state.withLock { state in
      precondition(!state.isBorrowing, "memory that nothing lends")
      if state.storage == 0 {
        state.storage = UInt(bitPattern: unsafe allocateZeroed(byteCount: max(state.byteCount, 1)))
      }
      return state.storage
    }
    guard let address = unsafe UnsafeMutableRawPointer(bitPattern: storage) else {
      preconditionFailure("memory was allocated at address 0")
    }
    return unsafe address
  }
}
