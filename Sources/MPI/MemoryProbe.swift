import CMPI

/// Eight bytes that another rank on the host tries to read in the way MPI's shared-memory transport reads large
/// messages.
@safe
public final class MemoryProbe {
  private let bytes = UnsafeMutablePointer<Int64>.allocate(capacity: 1)

  /// Allocates the eight bytes.
  public init() {
    unsafe bytes.initialize(to: 42)
  }

  deinit { unsafe bytes.deallocate() }

  /// The address of the bytes in this process.
  public var address: Int64 { unsafe Int64(Int(bitPattern: bytes)) }

  /// Returns true if the kernel does not let this process read the memory at an address of another process.
  public static func isRefused(process: Int64, address: Int64) -> Bool {
    cmpi_read_is_refused(process, address) == 1
  }
}
