import Configuration

extension LaunchChecks {
  /// The number of bytes that a rank needs in `/dev/shm` with Open MPI or MPICH, including a margin.
  private static let sharedBytesOfRank = 8 << 20
  /// The number of bytes of address space that a program needs beyond its memory: libraries, stacks, heap arenas.
  private static let addressSpaceMargin = 1 << 30

  /// Compares the limits of every rank with the rank's needs.
  static func limits(_ ranks: [RankFacts]) -> [Finding] {
    let hosts = byHost(ranks)
    return hosts.compactMap { host, ranks in quota(host, ranks) }
      + hosts.compactMap { host, ranks in sharedMemory(host, ranks) } + addressSpace(ranks) + instructionLimit(ranks)
  }

  private static func quota(_ host: String, _ ranks: [RankFacts]) -> Finding? {
    let threads = ranks.reduce(0) { sum, facts in sum + facts.threads }
    guard let quota = ranks.compactMap(\.limits.processorQuota).min(), Double(threads) > quota + 0.01 else {
      return nil
    }
    return Finding(
      exitCode: nil,
      problem:
        "host \(host): \(counted(threads, "thread")) of \(counted(ranks.count, "rank")), but the control group leaves the time of \(decimal(quota, 1)) CPUs",
      remedy:
        "start fewer ranks or give fewer --threads, or ask for more CPUs (docker --cpus, Kubernetes limits.cpu, systemd CPUQuota)"
    )
  }

  private static func sharedMemory(_ host: String, _ ranks: [RankFacts]) -> Finding? {
    guard ranks.count > 1, let free = ranks.compactMap(\.limits.sharedMemoryBytes).min(),
      free < ranks.count * sharedBytesOfRank
    else { return nil }
    return Finding(
      exitCode: nil,
      problem:
        "host \(host): /dev/shm has \(megabytes(free)) free, and \(counted(ranks.count, "rank")) exchange data through it",
      remedy: "give the container more (docker --shm-size 1g), or remove old files there")
  }

  private static func addressSpace(_ ranks: [RankFacts]) -> [Finding] {
    let tight = ranks.filter { facts in
      facts.limits.addressSpaceBytes.map { left in left < (facts.neededBytes ?? 0) + addressSpaceMargin } ?? false
    }
    guard let first = tight.first else { return [] }
    let needed =
      first.neededBytes.map { bytes in ", and about \(gigabytes(bytes + addressSpaceMargin)) are needed" } ?? ""
    return [
      Finding(
        exitCode: nil,
        problem:
          "\(list(tight)): ulimit -v leaves \(gigabytes(first.limits.addressSpaceBytes ?? 0)) of address space\(needed)",
        remedy: "raise it before the start: ulimit -v unlimited")
    ]
  }

  private static func instructionLimit(_ ranks: [RankFacts]) -> [Finding] {
    let limited = ranks.filter { facts in facts.limits.unusedInstructions != nil }
    guard let first = limited.first, let unused = first.limits.unusedInstructions else { return [] }
    return [
      Finding(
        exitCode: nil,
        problem:
          "\(list(limited)): \(HostLimits.libraryLimit) in the environment limits computation to \(first.offeredInstructionSet), and the CPU has \(unused)",
        remedy: "unset it, or if the limit is meant give --isa \(first.offeredInstructionSet) in its place")
    ]
  }
}
