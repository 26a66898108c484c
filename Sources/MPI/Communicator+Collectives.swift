import COpenMPI

extension Communicator {
  /// Waits until every rank has called it.
  ///
  /// - Throws: `MPIError` if `MPI_Barrier` fails.
  public func barrier() throws(MPIError) {
    try check("MPI_Barrier", activity.measure(.barrier) { unsafe MPI_Barrier(handle) })
  }

  /// Copies the root's elements to every rank.
  ///
  /// Collective: every rank calls it with the same count.
  ///
  /// - Parameters:
  ///   - elements: What the root sends and the others receive.
  ///   - root: The rank that sends.
  /// - Throws: `MPIError` if `MPI_Bcast` fails.
  public func broadcast<Element: MPIElement>(
    _ elements: inout [Element], from root: Int = 0
  ) throws(MPIError) {
    let byteCount = rank == root ? 0 : elements.count * MemoryLayout<Element>.stride
    let code = activity.measure(.broadcast, receivedByteCount: byteCount) {
      unsafe elements.withUnsafeMutableBufferPointer { elements in
        unsafe MPI_Bcast(elements.baseAddress, libraryCount(elements.count), Element.datatype, Int32(root), handle)
      }
    }
    try check("MPI_Bcast", code)
  }

  /// Gathers equal-sized blocks from every rank, in rank order, on every rank.
  ///
  ///     rank 0  [a b]      [a b c d]
  ///     rank 1  [c d]  →   [a b c d]
  ///
  /// Collective: every rank calls it, each with the same `block.count`. No gradient flows back by itself.
  ///
  /// - Parameters:
  ///   - block: This rank's elements.
  ///   - gathered: Receives `size * block.count` elements.
  /// - Throws: `MPIError` if `MPI_Allgather` fails.
  /// - Precondition: `gathered.count == size * block.count`.
  public func allGather<Element: MPIElement>(
    _ block: Span<Element>, into gathered: inout [Element]
  ) throws(MPIError) {
    precondition(
      gathered.count == size * block.count,
      "gathered holds \(gathered.count) elements, not \(size) blocks of \(block.count)")
    let byteCount = (gathered.count - block.count) * MemoryLayout<Element>.stride
    let code = activity.measure(.allGather, receivedByteCount: byteCount) {
      unsafe block.withUnsafeBufferPointer { block in
        unsafe gathered.withUnsafeMutableBufferPointer { gathered in
          unsafe MPI_Allgather(
            block.baseAddress, libraryCount(block.count), Element.datatype,
            gathered.baseAddress, libraryCount(block.count), Element.datatype, handle)
        }
      }
    }
    try check("MPI_Allgather", code)
  }

  /// Gathers blocks of any sizes from every rank, in rank order, on every rank.
  ///
  ///     rank 0  [a]          [a b c]
  ///     rank 1  [b c]    →   [a b c]
  ///     rank 2  []           [a b c]
  ///
  /// Collective: every rank calls it with the same `counts`.
  ///
  /// - Parameters:
  ///   - block: This rank's elements.
  ///   - counts: How many elements each rank has.
  ///   - gathered: Receives the sum of `counts`.
  /// - Throws: `MPIError` if `MPI_Allgatherv` fails.
  /// - Precondition: `block.count == counts[rank]`, and `gathered` holds the sum of `counts`.
  public func allGather<Element: MPIElement>(
    _ block: Span<Element>, counts: [Int], into gathered: inout [Element]
  ) throws(MPIError) {
    precondition(counts.count == size, "\(counts.count) counts for \(size) ranks")
    precondition(block.count == counts[rank], "block holds \(block.count) elements, counts says \(counts[rank])")
    let start = counts[..<rank].reduce(0, +)
    var elements = gathered.mutableSpan
    var place = elements._mutatingExtracting(start..<start + block.count)
    place.copy(from: block)
    try allGatherInPlace(counts: counts, into: &elements)
  }

  /// Gathers blocks of any sizes from every rank, in rank order, on every rank; each has written its own where it belongs.
  ///
  ///     rank 0  [a _ _]      [a b c]
  ///     rank 1  [_ b c]  →   [a b c]
  ///
  /// Collective: every rank calls it with the same `counts` and waits in the same way.
  ///
  /// - Parameters:
  ///   - counts: How many elements each rank has.
  ///   - gathered: Holds this rank's block behind those of lower ranks; receives the others'.
  ///   - waiting: What this thread does until all is there.
  /// - Throws: `MPIError` if `MPI_Allgatherv` fails.
  /// - Precondition: `gathered` holds the sum of `counts`.
  public func allGatherInPlace<Element: MPIElement>(
    counts: [Int], into gathered: inout MutableSpan<Element>, waiting: Waiting = .spinning
  ) throws(MPIError) {
    precondition(counts.count == size, "\(counts.count) counts for \(size) ranks")
    let blocks = ConsecutiveBlocks(counts)
    precondition(gathered.count == blocks.total, "gathered holds \(gathered.count) elements, not \(blocks.total)")
    let byteCount = (blocks.total - counts[rank]) * MemoryLayout<Element>.stride
    let code = activity.measure(.allGather, receivedByteCount: byteCount) {
      unsafe gathered.withUnsafeMutableBufferPointer { gathered in
        unsafe blocks.withAddresses { counts, displacements in
          switch waiting {
          case .spinning:
            unsafe MPI_Allgatherv(
              copenmpi_in_place(), 0, Element.datatype,
              gathered.baseAddress, counts, displacements, Element.datatype, handle)
          case .sleeping:
            unsafe completeSleeping { request in
              unsafe MPI_Iallgatherv(
                copenmpi_in_place(), 0, Element.datatype,
                gathered.baseAddress, counts, displacements, Element.datatype, handle, &request)
            }
          }
        }
      }
    }
    try check("MPI_Allgatherv", code)
  }

  /// Sends block `k` of every rank to rank `k`; the own block stays where it is.
  ///
  ///     rank 0  [a | b c]      [_ d]
  ///     rank 1  [d | e f]  →   [b c _ _]
  ///
  /// Collective. What rank `s` sends to rank `r` must be what `r` expects from `s`; all wait in the same way.
  ///
  /// - Parameters:
  ///   - blocks: This rank's blocks, one for each rank, in rank order.
  ///   - sendCounts: How many elements go to each rank.
  ///   - received: Receives one block from each other rank, in rank order, and keeps what stands in this rank's place.
  ///   - receiveCounts: How many elements come from each rank.
  ///   - waiting: What this thread does until all is there.
  /// - Throws: `MPIError` if `MPI_Alltoallv` fails.
  public func exchangeBlocks<Element: MPIElement>(
    _ blocks: Span<Element>, sendCounts: [Int], into received: inout [Element], receiveCounts: [Int],
    waiting: Waiting = .spinning
  ) throws(MPIError) {
    let (sent, arriving) = (
      ConsecutiveBlocks(sendCounts, leavingOut: rank), ConsecutiveBlocks(receiveCounts, leavingOut: rank)
    )
    precondition(blocks.count == sent.total, "blocks holds \(blocks.count) elements, not \(sent.total)")
    precondition(received.count == arriving.total, "received holds \(received.count) elements, not \(arriving.total)")
    let byteCount = (arriving.total - receiveCounts[rank]) * MemoryLayout<Element>.stride
    let code = activity.measure(.allToAll, receivedByteCount: byteCount) {
      unsafe blocks.withUnsafeBufferPointer { blocks in
        unsafe received.withUnsafeMutableBufferPointer { received in
          unsafe sent.withAddresses { sendCounts, sendDisplacements in
            unsafe arriving.withAddresses { receiveCounts, receiveDisplacements in
              switch waiting {
              case .spinning:
                unsafe MPI_Alltoallv(
                  blocks.baseAddress, sendCounts, sendDisplacements, Element.datatype,
                  received.baseAddress, receiveCounts, receiveDisplacements, Element.datatype, handle)
              case .sleeping:
                unsafe completeSleeping { request in
                  unsafe MPI_Ialltoallv(
                    blocks.baseAddress, sendCounts, sendDisplacements, Element.datatype,
                    received.baseAddress, receiveCounts, receiveDisplacements, Element.datatype, handle, &request)
                }
              }
            }
          }
        }
      }
    }
    try check("MPI_Alltoallv", code)
  }

  /// Adds the vectors of all ranks, element by element, on every rank.
  ///
  /// Collective. The order of the additions depends on the library, the length and the number of ranks: use ``ShardTree``
  /// where the last bit matters, this for integers and for measurements.
  ///
  /// - Parameter elements: This rank's summands; receives the sums.
  /// - Throws: `MPIError` if `MPI_Allreduce` fails.
  public func allReduceSum<Element: MPIElement>(_ elements: inout [Element]) throws(MPIError) {
    unsafe try allReduce(&elements, unsafe copenmpi_sum())
  }

  /// Takes the largest of all ranks' numbers, element by element, on every rank.
  ///
  /// Collective.
  ///
  /// - Parameter elements: This rank's numbers; receives the largest ones.
  /// - Throws: `MPIError` if `MPI_Allreduce` fails.
  public func allReduceMaximum<Element: MPIElement>(_ elements: inout [Element]) throws(MPIError) {
    unsafe try allReduce(&elements, unsafe copenmpi_max())
  }

  private func allReduce<Element: MPIElement>(
    _ elements: inout [Element], _ operation: MPI_Op?
  ) throws(MPIError) {
    let byteCount = size == 1 ? 0 : elements.count * MemoryLayout<Element>.stride
    let code = activity.measure(.allReduce, receivedByteCount: byteCount) {
      unsafe elements.withUnsafeMutableBufferPointer { elements in
        unsafe MPI_Allreduce(
          copenmpi_in_place(), elements.baseAddress, libraryCount(elements.count), Element.datatype, operation, handle)
      }
    }
    try check("MPI_Allreduce", code)
  }
}

/// The library counts in 32 bits.
private func libraryCount(_ count: Int) -> Int32 {
  precondition(count <= Int(Int32.max), "a message of \(count) elements is longer than MPI can count")
  return Int32(count)
}

/// Blocks of some sizes one behind the other, as the library wants them described.
private struct ConsecutiveBlocks {
  let total: Int
  /// How many elements each has, then where each begins.
  private let numbers: [Int32]

  /// Describes blocks of some sizes; of one of them the library is to see nothing, though it has its room.
  init(_ counts: [Int], leavingOut hidden: Int? = nil) {
    var (total, displacements) = (0, [Int32]())
    for count in counts {
      displacements.append(libraryCount(total))
      total += count
    }
    self.total = total
    numbers = counts.indices.map { index in index == hidden ? 0 : libraryCount(counts[index]) } + displacements
  }

  /// Lends the counts and the displacements, until a call has come to its end.
  func withAddresses<Result>(_ body: (UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result) -> Result {
    unsafe numbers.withUnsafeBufferPointer { numbers in
      unsafe body(numbers.baseAddress, numbers.baseAddress.map { base in unsafe base + numbers.count / 2 })
    }
  }
}
