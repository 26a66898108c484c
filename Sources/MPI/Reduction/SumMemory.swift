import Glibc
import Synchronization

/// The memory of partial sums: vectors of equal length, allocated as needed.
///
/// A page of memory is used only from its first write until it is discarded, so a vector that is used in part takes
/// only the memory of that part.
@safe
public final class SumMemory<Element: TreeElement>: Sendable {
  /// The number of elements in each vector.
  public let length: Int

  private let byteCount: Int
  private let vectors = Mutex<[UInt]>([])

  /// Creates the memory for vectors of `length` elements; none is allocated yet.
  public init(length: Int) {
    self.length = length
    byteCount = max(length * MemoryLayout<Element>.stride, 1)
  }

  deinit {
    for address in vectors.withLock({ vectors in vectors }) {
      unsafe munmap(UnsafeMutableRawPointer(bitPattern: address), byteCount)
    }
  }

  /// Calls `body` with a range of a vector, which is allocated if necessary.
  ///
  /// - Precondition: No other thread uses this range at the same time.
  func withElements<Result, Failure: Error>(
    _ range: Range<Int>, ofVector index: Int, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= length, "\(range) of a vector of \(length)")
    let start = unsafe base(index) + range.lowerBound
    var span = unsafe MutableSpan(_unsafeStart: start, count: range.count)
    return try body(&span)
  }

  /// Calls `body` with the last total, which is valid until the next vector is added.
  public func withTotal<Result, Failure: Error>(
    _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withElements(0..<length, ofVector: 0) { (total) throws(Failure) in try body(total.span) }
  }

  /// Releases the memory of a range; its contents become undefined.
  func discard(_ range: Range<Int>, ofVector index: Int) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let base = unsafe UInt(bitPattern: base(index))
    let stride = MemoryLayout<Element>.stride
    // Only whole pages, because the first and last page also hold elements of neighboring ranges.
    let first = (Int(base) + range.lowerBound * stride + page - 1) / page * page
    let end = (Int(base) + range.upperBound * stride) / page * page
    if first < end {
      unsafe madvise(UnsafeMutableRawPointer(bitPattern: first), end - first, MADV_DONTNEED)
    }
  }

  private func base(_ index: Int) -> UnsafeMutablePointer<Element> {
    let address = vectors.withLock { vectors in
      while vectors.count <= index {
        vectors.append(makeVector())
      }
      return vectors[index]
    }
    // Vectors are never at address 0.
    return unsafe UnsafeMutablePointer<Element>(bitPattern: address).unsafelyUnwrapped
  }

  private func makeVector() -> UInt {
    let address = unsafe mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      fatalError("no memory for a vector of \(byteCount) bytes: error \(errno) of mmap")
    }
    return UInt(bitPattern: address)
  }
}
