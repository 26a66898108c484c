import MPI

extension Communicator {
  /// Broadcasts any number of bytes from the root rank; other ranks need not know the number.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - bytes: The root's bytes; ignored on other ranks.
  ///   - root: The root rank.
  /// - Returns: The root's bytes.
  /// - Throws: `MPIError` if a broadcast fails.
  package func broadcast(bytes: [UInt8], from root: Int = 0) throws(MPIError) -> [UInt8] {
    var count = [Int64(bytes.count)]
    try broadcast(&count, from: root)
    var all = rank == root ? bytes : Array(repeating: 0, count: Int(count[0]))
    // MPI counts the elements of a message in 31 bits.
    let longest = 1 << 30
    for start in stride(from: 0, to: all.count, by: longest) {
      var piece = Array(all[start..<min(start + longest, all.count)])
      try broadcast(&piece, from: root)
      all.replaceSubrange(start..<start + piece.count, with: piece)
    }
    return all
  }

  /// Gathers the texts of all ranks, in rank order, on every rank.
  ///
  /// Collective.
  package func allGather(text: String) throws(MPIError) -> [String] {
    let own = Array(text.utf8)
    let ownCount = [Int64(own.count)]
    var counts = [Int64](repeating: 0, count: size)
    try allGather(ownCount.span, into: &counts)
    var bytes = [UInt8](repeating: 0, count: Int(counts.reduce(0, +)))
    try allGather(own.span, counts: counts.map { count in Int(count) }, into: &bytes)
    var start = 0
    return counts.map { count in
      defer { start += Int(count) }
      return String(decoding: bytes[start..<start + Int(count)], as: UTF8.self)
    }
  }
}
