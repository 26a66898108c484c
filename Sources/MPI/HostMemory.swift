import CMPI
import Glibc

/// Memory that the ranks of a host share, at another address in each of them.
///
/// It is a file in memory that has no name: the host's first rank creates it, the others open it under `/proc`. The
/// kernel frees it with the last process, however that ends, and no size of `/dev/shm` limits it. All pages are
/// allocated at once, so that a shortage is an error here and not a signal at some later access.
///
/// A window of MPI (`MPI_Win_allocate_shared`) is no such memory: where Open MPI cannot create one, the first rank gets
/// the error and the others wait forever, and where `/dev/shm` is read-only it becomes a file on a disk.
@safe
public final class HostMemory: Sendable {
  /// The reason why a host's ranks cannot share memory.
  public enum Refusal: Int64, Sendable {
    /// A rank may not create a file in memory.
    case create = 1
    /// A rank does not see the processes of the others, or may not open their files.
    case open
    /// The pages cannot be allocated.
    case allocate
    /// The pages cannot be mapped.
    case map
  }

  /// The result of the allocation, the same on all ranks of a host.
  public enum Outcome: Sendable {
    /// The memory, filled with zeros.
    case shared(HostMemory)
    /// None, since there is only one rank on the host.
    case alone
    /// None, with the reason and the error number of the failed call of a rank.
    case refused(Refusal, Int32)
  }

  /// The size in bytes.
  public let byteCount: Int
  private let start: UInt

  private init(byteCount: Int, start: UInt) {
    self.byteCount = byteCount
    self.start = start
  }

  deinit { unsafe munmap(UnsafeMutableRawPointer(bitPattern: start), byteCount) }

  /// The address of the first byte, at the beginning of a page.
  @unsafe public var address: UnsafeMutableRawPointer {
    // No mapping is at address 0.
    unsafe UnsafeMutableRawPointer(bitPattern: start).unsafelyUnwrapped
  }

  /// Allocates memory on each host.
  ///
  /// Collective, with the same calls of MPI on every rank.
  ///
  /// - Parameters:
  ///   - byteCount: The size in bytes, the same on the ranks of a host.
  ///   - world: All ranks.
  /// - Returns: The memory of this rank's host, or the reason why there is none.
  /// - Throws: `MPIError` if a call of MPI fails.
  /// - Precondition: `byteCount` is above 0.
  public static func allocate(
    byteCount: Int, over world: borrowing Communicator
  ) throws(MPIError) -> Outcome {
    guard let hosts = world.hosts else { return .alone }
    let (rank, size) = (world.rankOnHost, world.hostSize)
    var file = MemoryFile()
    if rank == 0, size > 1 {
      file.create()
    }
    defer { file.close() }
    var description = file.description
    try hosts.withinHost.broadcast(&description)
    if rank > 0 {
      file.open(description)
    }
    let pages = BlockPartition(total: (byteCount + pageSize - 1) / pageSize, parts: size)[rank]
    let start =
      size > 1
      ? file.map(
        byteCount: byteCount, allocating: pages.lowerBound * pageSize..<min(pages.upperBound * pageSize, byteCount))
      : 0
    let memory = start == 0 ? nil : HostMemory(byteCount: byteCount, start: start)
    var failure = [file.failure]
    try hosts.withinHost.allReduceMaximum(&failure)
    guard failure[0] == 0 else {
      let (reason, code) = failure[0].quotientAndRemainder(dividingBy: MemoryFile.codes)
      return .refused(Refusal(rawValue: reason) ?? .create, Int32(code))
    }
    return memory.map(Outcome.shared) ?? .alone
  }

  private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// A file without a name that exists in memory only, as one rank sees it.
private struct MemoryFile {
  /// A bound of error numbers.
  static let codes: Int64 = 1 << 20

  private var descriptor: Int32 = -1
  /// The first failure: its ``HostMemory/Refusal`` times ``codes``, plus the error number; 0 for none.
  private(set) var failure: Int64 = 0

  /// The process that has the file open, its descriptor there, and the file's device and number.
  var description: [Int64] {
    var status = stat()
    guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0 else { return [0, -1, 0, 0] }
    return [Int64(getpid()), Int64(descriptor), Int64(bitPattern: UInt64(status.st_dev)), Int64(status.st_ino)]
  }

  /// Creates the file, which is empty.
  mutating func create() {
    descriptor = cmpi_create_memory_file()
    if descriptor < 0 {
      fail(.create, errno)
    }
  }

  /// Opens the file that another process has created, if it has.
  mutating func open(_ description: [Int64]) {
    guard description[1] >= 0 else { return }
    descriptor = unsafe Glibc.open("/proc/\(description[0])/fd/\(description[1])", O_RDWR | O_CLOEXEC)
    if descriptor < 0 {
      fail(.open, errno)
    } else if self.description[2...] != description[2...] {
      // The number means another process here: the ranks are in different containers.
      fail(.open, ESRCH)
    }
  }

  /// Allocates a part of the file's pages, and maps all of them, before other ranks may have allocated theirs.
  ///
  /// The ranks allocate a part each, since a page is allocated in the memory of the processor that asks for it.
  ///
  /// - Returns: The address; 0 if the file is not open or a call has failed.
  mutating func map(byteCount: Int, allocating part: Range<Int>) -> UInt {
    guard descriptor >= 0, failure == 0 else { return 0 }
    var code: Int32 = 0
    repeat {
      code = part.isEmpty ? 0 : posix_fallocate(descriptor, part.lowerBound, part.count)
    } while code == EINTR
    guard code == 0 else {
      fail(.allocate, code)
      return 0
    }
    let start = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let start = unsafe start, unsafe start != MAP_FAILED else {
      fail(.map, errno)
      return 0
    }
    return UInt(bitPattern: start)
  }

  /// Closes the file, which exists as long as it is mapped.
  mutating func close() {
    if descriptor >= 0 {
      _ = Glibc.close(descriptor)
    }
    descriptor = -1
  }

  private mutating func fail(_ reason: HostMemory.Refusal, _ code: Int32) {
    failure = failure == 0 ? reason.rawValue * Self.codes + Int64(code) : failure
  }
}
