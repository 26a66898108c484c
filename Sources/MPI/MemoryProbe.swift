import COpenMPI

/// A few bytes that a neighboring rank tries to read, as the library's shared-memory transport reads large messages.
@safe
public final class MemoryProbe {
  private let bytes = UnsafeMutablePointer<Int64>.allocate(capacity: 1)

  /// Makes the bytes.
  public init() {
    unsafe bytes.initialize(to: 42)
  }

  deinit { unsafe bytes.deallocate() }

  /// Where they stand in this process.
  public var address: Int64 { unsafe Int64(Int(bitPattern: bytes)) }

  /// Whether the kernel refuses another process's bytes for lack of permission.
  public static func isRefused(process: Int64, address: Int64) -> Bool {
    copenmpi_read_is_refused(process, address) == 1
  }
}
