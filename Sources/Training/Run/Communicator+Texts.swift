import MPI

extension Communicator {
  /// Copies bytes of rank 0 to all, as many as there are.
  ///
  /// Collective.
  ///
  /// - Parameter bytes: What rank 0 has; of no account on the others.
  /// - Returns: Rank 0's bytes.
  /// - Throws: `MPIError` if a broadcast fails.
  func broadcast(bytes: [UInt8]) throws(MPIError) -> [UInt8] {
    var count = [Int64(bytes.count)]
    try broadcast(&count)
    var all = isRoot ? bytes : Array(repeating: 0, count: Int(count[0]))
    // A message's length is counted in 31 bits.
    let longest = 1 << 30
    for start in stride(from: 0, to: all.count, by: longest) {
      var piece = Array(all[start..<min(start + longest, all.count)])
      try broadcast(&piece)
      all.replaceSubrange(start..<start + piece.count, with: piece)
    }
    return all
  }

  /// The texts of all ranks, in their order, on every rank.
  ///
  /// Collective.
  func allGather(text: String) throws(MPIError) -> [String] {
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
