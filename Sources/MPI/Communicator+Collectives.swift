import CMPI

extension Communicator {
  /// Waits until every rank has entered the barrier.
  ///
  /// - Throws: `MPIError` if `MPI_Barrier` fails.
  public func barrier() throws(MPIError) {
    // int MPI_Barrier(MPI_Comm comm)
    try check("MPI_Barrier", activity.measure(.barrier) { cmpi_barrier(handle) })
  }

  /// Broadcasts the root's elements to every rank.
  ///
  /// Collective: every rank calls it with the same count.
  ///
  /// - Parameters:
  ///   - elements: The elements to send on the root; receives them on the other ranks.
  ///   - root: The rank that sends.
  /// - Throws: `MPIError` if `MPI_Bcast` fails.
  public func broadcast<Element: MPIElement>(
    _ elements: inout [Element], from root: Int = 0
  ) throws(MPIError) {
    var span = elements.mutableSpan
    try broadcast(&span, from: root)
  }

  /// Broadcasts a span of the root's elements, of the same length on every rank.
  private func broadcast<Element: MPIElement>(
    _ elements: inout MutableSpan<Element>, from root: Int
  ) throws(MPIError) {
    let byteCount = rank == root ? 0 : elements.count * MemoryLayout<Element>.stride
    let code = activity.measure(.broadcast, receivedByteCount: byteCount) {
      unsafe elements.withUnsafeMutableBufferPointer { elements in
        // int MPI_Bcast(void *buffer, int count, MPI_Datatype datatype, int root, MPI_Comm comm)
        unsafe cmpi_bcast(elements.baseAddress, libraryCount(elements.count), Element.datatype, Int32(root), handle)
      }
    }
    try check("MPI_Bcast", code)
  }

  /// All-gathers blocks of equal size, in rank order.
  ///
  ///     rank 0  [a b]      [a b c d]
  ///     rank 1  [c d]  →   [a b c d]
  ///
  /// Collective: every rank calls it with the same `block.count`.
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
          // int MPI_Allgather(const void *sendbuf, int sendcount, MPI_Datatype sendtype,
          //                   void *recvbuf, int recvcount, MPI_Datatype recvtype, MPI_Comm comm)
          unsafe cmpi_allgather(
            block.baseAddress, libraryCount(block.count),
            gathered.baseAddress, libraryCount(block.count), Element.datatype, handle)
        }
      }
    }
    try check("MPI_Allgather", code)
  }

  /// All-gathers blocks of any sizes, in rank order.
  ///
  ///     rank 0  [a]          [a b c]
  ///     rank 1  [b c]    →   [a b c]
  ///     rank 2  []           [a b c]
  ///
  /// Collective: every rank calls it with the same `counts`.
  ///
  /// - Parameters:
  ///   - block: This rank's elements.
  ///   - counts: The number of elements of each rank.
  ///   - gathered: Receives the blocks of all ranks, as many elements as the sum of `counts`.
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

  /// All-gathers blocks of any sizes in place: each rank has already written its own block at its final position.
  ///
  ///     rank 0  [a _ _]      [a b c]
  ///     rank 1  [_ b c]  →   [a b c]
  ///
  /// Collective: every rank calls it with the same `counts` and the same `waiting`.
  ///
  /// - Parameters:
  ///   - counts: The number of elements of each rank.
  ///   - gathered: Holds this rank's block after the positions of lower ranks' blocks; receives the other blocks.
  ///   - waiting: The way in which the thread waits for the result; it spins if there are more than 2³¹ − 1 elements.
  /// - Throws: `MPIError` if `MPI_Allgatherv` fails or, with more than 2³¹ − 1 elements, `MPI_Bcast`.
  /// - Precondition: `gathered` holds the sum of `counts`.
  public func allGatherInPlace<Element: MPIElement>(
    counts: [Int], into gathered: inout MutableSpan<Element>, waiting: Waiting = .spinning
  ) throws(MPIError) {
    try allGatherInPlace(counts: counts, into: &gathered, waiting: waiting, countLimit: Int(Int32.max))
  }

  /// All-gathers blocks of any sizes in place, as the public function does.
  ///
  /// Collective: every rank passes the same `countLimit`.
  ///
  /// - Parameters:
  ///   - counts: The number of elements of each rank.
  ///   - gathered: Holds this rank's block; receives the other blocks.
  ///   - waiting: The way in which the thread waits for the result.
  ///   - countLimit: The largest number of elements that one call of MPI gathers; a test lowers it.
  /// - Throws: `MPIError` if a call of MPI fails.
  package func allGatherInPlace<Element: MPIElement>(
    counts: [Int], into gathered: inout MutableSpan<Element>, waiting: Waiting, countLimit: Int
  ) throws(MPIError) {
    precondition(counts.count == size, "\(counts.count) counts for \(size) ranks")
    let total = counts.reduce(0, +)
    precondition(gathered.count == total, "gathered holds \(gathered.count) elements, not \(total)")
    guard total <= countLimit else {
      return try broadcastBlocks(counts, &gathered, pieceCount: min(countLimit, Self.elementsOfPiece))
    }
    let blocks = ConsecutiveBlocks(counts)
    let byteCount = (blocks.total - counts[rank]) * MemoryLayout<Element>.stride
    let code = activity.measure(.allGather, receivedByteCount: byteCount) {
      unsafe gathered.withUnsafeMutableBufferPointer { gathered in
        unsafe blocks.withAddresses { counts, displacements in
          switch waiting {
          case .spinning:
            // int MPI_Allgatherv(const void *sendbuf, int sendcount, MPI_Datatype sendtype, void *recvbuf,
            //                    const int recvcounts[], const int displs[], MPI_Datatype recvtype, MPI_Comm comm)
            unsafe cmpi_allgatherv_in_place(gathered.baseAddress, counts, displacements, Element.datatype, handle)
          case .sleeping:
            completeSleeping { request in
              // The same arguments, followed by MPI_Request *request.
              unsafe cmpi_iallgatherv_in_place(
                gathered.baseAddress, counts, displacements, Element.datatype, handle, &request)
            }
          }
        }
      }
    }
    try check("MPI_Allgatherv", code)
  }

  /// The number of elements of a piece of blocks that are too long for one call: a gigabyte of float32.
  private static var elementsOfPiece: Int { 1 << 28 }

  /// All-gathers blocks whose positions are beyond MPI's 32 bits, such as the representations of ImageNet: each rank in
  /// turn broadcasts its own, in pieces of at most `pieceCount` elements.
  private func broadcastBlocks<Element: MPIElement>(
    _ counts: [Int], _ gathered: inout MutableSpan<Element>, pieceCount: Int
  ) throws(MPIError) {
    var start = 0
    for (root, count) in counts.enumerated() {
      let end = start + count
      while start < end {
        let piece = start..<min(start + pieceCount, end)
        var elements = gathered._mutatingExtracting(piece)
        try broadcast(&elements, from: root)
        start = piece.upperBound
      }
    }
  }

  /// Sends block `k` of every rank to rank `k`, except a rank's block for itself.
  ///
  ///     rank 0  [a | b c]      [_ d]
  ///     rank 1  [d | e f]  →   [b c _ _]
  ///
  /// Collective. The number of elements that rank `s` sends to rank `r` must be the number that `r` expects from `s`;
  /// every rank passes the same `waiting`.
  ///
  /// - Parameters:
  ///   - blocks: This rank's blocks, one for each rank, in rank order.
  ///   - sendCounts: The number of elements to send to each rank.
  ///   - received: Receives one block from each other rank, in rank order; the range for this rank's own block is left
  ///     unchanged.
  ///   - receiveCounts: The number of elements to receive from each rank.
  ///   - waiting: The way in which the thread waits for the result.
  /// - Throws: `MPIError` if `MPI_Alltoallv` fails.
  /// - Precondition: `blocks` holds the sum of `sendCounts`, `received` that of `receiveCounts`, each below 2³¹.
  public func exchangeBlocks<Element: MPIElement>(
    _ blocks: Span<Element>, sendCounts: [Int], into received: inout MutableSpan<Element>, receiveCounts: [Int],
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
                // int MPI_Alltoallv(const void *sendbuf, const int sendcounts[], const int sdispls[],
                //                   MPI_Datatype sendtype, void *recvbuf, const int recvcounts[], const int rdispls[],
                //                   MPI_Datatype recvtype, MPI_Comm comm)
                unsafe cmpi_alltoallv(
                  blocks.baseAddress, sendCounts, sendDisplacements,
                  received.baseAddress, receiveCounts, receiveDisplacements, Element.datatype, handle)
              case .sleeping:
                completeSleeping { request in
                  // The same arguments, followed by MPI_Request *request.
                  unsafe cmpi_ialltoallv(
                    blocks.baseAddress, sendCounts, sendDisplacements,
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

  /// Sums the vectors of all ranks, element by element, on every rank.
  ///
  /// Collective. The order of the additions depends on the MPI library, the length and the number of ranks. Use it for
  /// integers and measurements; training results are summed along a ``ShardTree``, whose order is fixed.
  ///
  /// - Parameter elements: This rank's summands; receives the sums.
  /// - Throws: `MPIError` if `MPI_Allreduce` fails.
  public func allReduceSum<Element: MPIElement>(_ elements: inout [Element]) throws(MPIError) {
    try allReduce(&elements, cmpi_sum())
  }

  /// Computes the maximum over all ranks, element by element, on every rank.
  ///
  /// Collective.
  ///
  /// - Parameter elements: This rank's numbers; receives the maxima.
  /// - Throws: `MPIError` if `MPI_Allreduce` fails.
  public func allReduceMaximum<Element: MPIElement>(_ elements: inout [Element]) throws(MPIError) {
    try allReduce(&elements, cmpi_max())
  }

  private func allReduce<Element: MPIElement>(
    _ elements: inout [Element], _ operation: cmpi_op
  ) throws(MPIError) {
    let byteCount = size == 1 ? 0 : elements.count * MemoryLayout<Element>.stride
    let code = activity.measure(.allReduce, receivedByteCount: byteCount) {
      unsafe elements.withUnsafeMutableBufferPointer { elements in
        // int MPI_Allreduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op,
        //                   MPI_Comm comm)
        unsafe cmpi_allreduce_in_place(
          elements.baseAddress, libraryCount(elements.count), Element.datatype, operation, handle)
      }
    }
    try check("MPI_Allreduce", code)
  }
}

/// Converts a number of elements to MPI's 32-bit type.
///
/// - Precondition: `count` is at most 2³¹ − 1.
private func libraryCount(_ count: Int) -> Int32 {
  precondition(count <= Int(Int32.max), "a message of \(count) elements is longer than MPI can count")
  return Int32(count)
}

/// Consecutive blocks of given sizes, as the counts and displacements arguments of MPI calls.
private struct ConsecutiveBlocks {
  let total: Int
  /// The element counts of all blocks, followed by their displacements.
  private let numbers: [Int32]

  /// Computes the displacements of blocks; the count of block `leavingOut` becomes 0, but it keeps its space.
  init(_ counts: [Int], leavingOut hidden: Int? = nil) {
    var (total, displacements) = (0, [Int32]())
    for count in counts {
      displacements.append(libraryCount(total))
      total += count
    }
    self.total = total
    numbers = counts.indices.map { index in index == hidden ? 0 : libraryCount(counts[index]) } + displacements
  }

  /// Calls `body` with the addresses of the counts and of the displacements, which are valid only during the call.
  func withAddresses<Result>(_ body: (UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result) -> Result {
    unsafe numbers.withUnsafeBufferPointer { numbers in
      unsafe body(numbers.baseAddress, numbers.baseAddress.map { base in unsafe base + numbers.count / 2 })
    }
  }
}
