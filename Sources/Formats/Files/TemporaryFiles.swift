import Glibc
import Synchronization

/// The temporary files that this process is writing, which are removed when a signal ends it.
///
/// A signal handler must neither lock nor allocate memory, so that the paths stand as C strings in a fixed number of
/// atomic slots. Whoever takes an address out of its slot owns the string; the other one finds another value there.
public enum TemporaryFiles {
  /// A place for the address of a path; 0 while it is free.
  fileprivate final class Slot: Sendable {
    let address = Atomic<UInt>(0)
  }

  /// A path in its slot.
  struct Entry: Sendable {
    private let slot: Slot
    private let address: UInt

    fileprivate init(_ slot: Slot, _ address: UInt) {
      self.slot = slot
      self.address = address
    }

    /// Forgets the path, because its file has its final name or was removed.
    func remove() {
      let taken = slot.address.compareExchange(expected: address, desired: 0, ordering: .acquiringAndReleasing)
      if taken.exchanged {
        unsafe free(UnsafeMutableRawPointer(bitPattern: address))
      }
    }
  }

  /// The slots, more than a command has files open; a further file would stay after a signal.
  private static let slots = (0..<64).map { _ in Slot() }

  /// Makes the slots; to be called before a signal handler is installed that calls ``unlinkAll()``.
  public static func prepare() {
    // The same loop as in the handler: what the Swift runtime makes at the first use of its types is made here.
    var freeCount = 0
    for slot in slots where slot.address.load(ordering: .relaxed) == 0 { freeCount += 1 }
    precondition(freeCount > 0, "none of the \(slots.count) slots is free")
  }

  /// Adds a file that is about to be created; `nil` if all slots are taken.
  static func add(_ path: String) -> Entry? {
    guard let copy = unsafe strdup(path) else { return nil }
    let address = UInt(bitPattern: copy)
    for slot in slots {
      let taken = slot.address.compareExchange(expected: 0, desired: address, ordering: .acquiringAndReleasing)
      if taken.exchanged {
        return Entry(slot, address)
      }
    }
    unsafe free(copy)
    return nil
  }

  /// Removes all files that were added; for a process that ends now, from a signal handler.
  public static func unlinkAll() {
    for slot in slots {
      let address = slot.address.exchange(0, ordering: .acquiringAndReleasing)
      if let path = unsafe UnsafePointer<CChar>(bitPattern: address) {
        unsafe unlink(path)
      }
    }
  }
}
