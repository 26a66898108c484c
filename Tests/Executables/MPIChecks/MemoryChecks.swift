import Glibc
import MPI

/// Memory of a host: zeros at first; what any of its ranks writes is read by all of them after a barrier, and by no
/// rank of another host.
func checkMemory(_ world: borrowing Communicator) throws {
  for (turn, byteCount) in [8, 4096, 4097, 5_000_000].enumerated() {
    let outcome = try HostMemory.allocate(byteCount: byteCount, over: world)
    guard case .shared(let memory) = outcome else {
      guard case .alone = outcome else { throw CheckFailure(description: "refused: \(outcome)") }
      try expectEqual(world.hostSize, 1, "ranks of a host without memory")
      try world.hostBarrier()
      try world.hostBarrier()
      continue
    }
    try expectEqual(memory.byteCount, byteCount, "size")
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: memory.address, count: byteCount)
    try expect(unsafe bytes.allSatisfy { byte in byte == 0 }, "zeros at first")
    try world.hostBarrier()
    // The ranks write in turn, byte by byte.
    for index in stride(from: world.rankOnHost, to: byteCount, by: world.hostSize) {
      unsafe bytes[index] = UInt8(truncatingIfNeeded: 1 + turn + world.rank)
    }
    try world.hostBarrier()
    let first = world.rank - world.rankOnHost
    for index in 0..<byteCount {
      let expected = UInt8(truncatingIfNeeded: 1 + turn + first + index % world.hostSize)
      try expect(unsafe bytes[index] == expected, "byte \(index) of \(byteCount)")
    }
  }
}

/// The last rank of the first host, whose files may not grow, makes all ranks of its host do without shared memory, and
/// no others.
func checkRefusedMemory(_ world: borrowing Communicator) throws {
  signal(SIGXFSZ, SIG_IGN)
  var limit = rlimit(rlim_cur: 1 << 20, rlim_max: rlim_t.max)
  if world.rank == world.hostSize - 1 {
    try expect(unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, "setrlimit")
  }
  let outcome = try HostMemory.allocate(byteCount: 5_000_000, over: world)
  if world.rank < world.hostSize {
    guard case .refused(.allocate, EFBIG) = outcome else { throw CheckFailure(description: "\(outcome) after EFBIG") }
  } else if case .refused = outcome {
    throw CheckFailure(description: "refused on another host")
  }
}
