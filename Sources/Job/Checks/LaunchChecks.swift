import Configuration
import MPI
import OneDNN

/// The checks of a job's launch, which compare the facts collected on all ranks.
package enum LaunchChecks {
  /// Compares the hosts, programs and options of all ranks at the start of a command, and reports every problem.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - threads: The number of threads that the options request.
  ///   - world: The ranks.
  ///   - report: Receives a note about each problem that does not end the job, on rank 0.
  /// - Throws: ``CollectiveError`` for a problem that ends the job.
  package static func run(
    threads: Int, over world: borrowing Communicator, report: Reporter
  ) throws {
    world.activity.begin("comparing the ranks")
    let ranks = try RankFacts(threads: threads, neededBytes: nil, over: world).gathered(over: world)
    let findings = findings(ranks)
    // All ranks have the same list of problems, so all of them throw.
    if let fatal = findings.first(where: { finding in finding.exitCode != nil }), let code = fatal.exitCode {
      throw CollectiveError(error: RunError(code, fatal.description))
    }
    for finding in findings {
      report.note(finding.description)
    }
  }

  /// Returns all problems found; those that end the job come first.
  package static func findings(_ ranks: [RankFacts]) -> [Finding] {
    programs(ranks) + options(ranks) + libraries(ranks) + instructions(ranks) + binding(ranks) + processors(ranks)
      + memory(ranks.compactMap(\.memory)) + networks(ranks) + keepalive(ranks) + singleCopies(ranks)
      + limits(ranks)
      + clocks(byHost(ranks).compactMap { host, ranks in ranks[0].unixTime.map { time in (host: host, time: time) } })
  }

  /// The difference of the clocks of two hosts that is noted, in seconds; more than ranks wait for each other.
  private static let largestClockDifference = 5.0

  /// Compares the hosts' times of day, in seconds: results do not depend on them, but times in logs and files do.
  package static func clocks(_ times: [(host: String, time: Double)]) -> [Finding] {
    guard let first = times.min(by: { one, other in one.time < other.time }),
      let last = times.max(by: { one, other in one.time < other.time }),
      last.time - first.time > largestClockDifference
    else { return [] }
    return [
      Finding(
        exitCode: nil,
        problem:
          "hosts \(first.host) and \(last.host): their clocks differ by \(Int((last.time - first.time).rounded())) s",
        remedy:
          "set them, as with chrony or systemd-timesyncd; training does not use them, but times in logs and files do")
    ]
  }

  /// Compares the programs' builds across ranks, because different builds may compute different results.
  private static func programs(_ ranks: [RankFacts]) -> [Finding] {
    different(ranks, by: \.program) { others in
      Finding(
        exitCode: .configuration, problem: "\(list(others)): another build of supcon than that of \(ranks[0].name)",
        remedy: "copy one program to the same path on all hosts")
    }
  }

  /// Compares the command lines, which must be equal on all ranks.
  private static func options(_ ranks: [RankFacts]) -> [Finding] {
    different(ranks, by: \.arguments) { others in
      let (own, other) = (ranks[0].arguments, others[0].arguments)
      let place =
        zip(own, other).enumerated().first { _, pair in pair.0 != pair.1 }?.offset ?? min(own.count, other.count)
      // A value that differs is shown with its option.
      let differing = [own, other].compactMap { arguments in arguments.indices.contains(place) ? arguments[place] : nil
      }
      let first = differing.allSatisfy { word in word.hasPrefix("--") } ? place : max(place - 1, 0)
      func text(_ arguments: [String]) -> String {
        let part = arguments.dropFirst(first).prefix(2).joined(separator: " ")
        return part.isEmpty ? "nothing" : part
      }
      return Finding(
        exitCode: .usage,
        problem:
          "\(list(others)): started with other options than \(ranks[0].name): \(text(other)), there \(text(own))",
        remedy: "start all ranks with the same options")
    }
  }

  /// Compares the versions of the MPI library and of oneDNN across ranks: different versions may not communicate, or
  /// may not compute the same bits.
  private static func libraries(_ ranks: [RankFacts]) -> [Finding] {
    different(ranks, by: \.libraries) { others in
      Finding(
        exitCode: nil,
        problem: "\(list(others)): runs with \(others[0].libraries), \(ranks[0].name) with \(ranks[0].libraries)",
        remedy: "install the same versions on all hosts")
    }
  }

  /// Compares what the ranks offer: all of them compute with the lowest instruction set, for the same bits.
  private static func instructions(_ ranks: [RankFacts]) -> [Finding] {
    let levels = ranks.map { facts in InstructionSet(rawValue: facts.offeredInstructionSet) ?? .baseline }
    guard let lowest = levels.min(), let highest = levels.max(), lowest < highest else { return [] }
    let forcing = ranks.filter { facts in facts.offeredInstructionSet == lowest.rawValue }
    return [
      Finding(
        exitCode: nil,
        problem:
          "all ranks compute with \(lowest.name), for the same bits, as \(list(forcing)) \(forcing.count == 1 ? "offers" : "offer") no more; others offer \(highest.name)",
        remedy:
          "start on hosts with one kind of CPU for the speed of the others, or give --isa \(lowest.rawValue) if this is meant"
      )
    ]
  }

  private static func binding(_ ranks: [RankFacts]) -> [Finding] {
    let bound = ranks.filter(\.isTied)
    guard let first = bound.first else { return [] }
    return [
      Finding(
        exitCode: nil,
        problem:
          "\(list(bound)): tied to \(counted(first.allowedProcessors.count, "core")), which \(first.threads) threads share",
        remedy: Launcher.current.kind == .none
          ? "give --threads \(first.allowedProcessors.count), or more cores (taskset, Slurm's --cpus-per-task)"
          : "give mpirun \(LauncherOptions.current.binding(threads: first.threads))")
    ]
  }

  private static func processors(_ ranks: [RankFacts]) -> [Finding] {
    byHost(ranks).compactMap { host, ranks in
      let threads = ranks.reduce(0) { sum, facts in sum + facts.threads }
      let own = ranks.reduce(into: Set<Int>()) { all, facts in all.formUnion(facts.allowedProcessors) }.count
      // Of ranks that are tied to too few, that is what to mend. Others may share theirs, as those of a container.
      let processors = ranks.contains(where: \.isTied) ? ranks[0].processors : own
      guard threads > processors else { return nil }
      return Finding(
        exitCode: nil,
        problem:
          "host \(host): \(counted(threads, "thread")) of \(counted(ranks.count, "rank")) on \(counted(processors, "core"))",
        remedy: ranks.count == 1
          ? "give --threads \(processors)" : "start fewer ranks there (-np, slots=) or give fewer --threads")
    }
  }

  /// The memory that one rank needs, and the available memory of its host.
  package struct MemoryFacts: Codable {
    var host: String
    var neededBytes: Int
    var availableBytes: Int

    /// Creates the memory facts of one rank.
    package init(host: String, neededBytes: Int, availableBytes: Int) {
      self.host = host
      self.neededBytes = neededBytes
      self.availableBytes = availableBytes
    }
  }

  package static func memory(_ ranks: [MemoryFacts]) -> [Finding] {
    Dictionary(grouping: ranks, by: \.host).sorted { one, other in one.key < other.key }.compactMap { host, ranks in
      let needed = ranks.reduce(0) { sum, facts in sum + facts.neededBytes }
      let available = ranks.map(\.availableBytes).min() ?? Int.max
      guard needed > available else { return nil }
      return Finding(
        exitCode: nil,
        problem: "host \(host): \(counted(ranks.count, "rank")) will take about \(gigabytes(needed)), "
          + "and \(gigabytes(available)) of memory are free",
        remedy: "give a smaller --shard-size or --activation-memory, or start fewer ranks there")
    }
  }

  /// Finds an IP address that two hosts both have: Open MPI assumes that its network connects them, which it does not.
  private static func networks(_ ranks: [RankFacts]) -> [Finding] {
    let hosts = byHost(ranks)
    let settings = ranks[0].settings
    guard hosts.count > 1, settings["btl_tcp_if_include"] == nil, settings["btl_tcp_if_exclude"] == nil else {
      return []
    }
    let own = hosts[0].ranks[0].networks
    for (host, ranks) in hosts.dropFirst() {
      let others = ranks[0].networks.map(\.address)
      guard let shared = own.first(where: { network in others.contains(network.address) }) else { continue }
      let good = own.first { network in !others.contains(network.address) }
      return [
        Finding(
          exitCode: nil,
          problem: "hosts \(hosts[0].host) and \(host): both have the address \(shared.address) (\(shared.interface)), "
            + "which cannot lead from one to the other",
          remedy: "name the network that does: "
            + LauncherOptions.current.network(good?.network ?? "NETWORK", good?.interface ?? "INTERFACE"))
      ]
    }
    return []
  }

  /// Checks mpirun's keepalive setting, without which Open MPI 4 waits for an unreachable host even after the watchdogs
  /// ended the ranks.
  private static func keepalive(_ ranks: [RankFacts]) -> [Finding] {
    guard byHost(ranks).count > 1, Launcher.current.kind == .openMPI, let option = LauncherOptions.current.keepalive,
      ranks[0].settings["oob_tcp_keepalive_time"] == nil
    else { return [] }
    return [
      Finding(
        exitCode: nil, problem: "mpirun will wait for ever for a host that cannot be reached any more",
        remedy: "start with scripts/launch.sh, or give mpirun \(option)")
    ]
  }

  private static func singleCopies(_ ranks: [RankFacts]) -> [Finding] {
    let refused = ranks.filter(\.singleCopyRefused)
    guard !refused.isEmpty, let option = LauncherOptions.current.withoutSingleCopies else { return [] }
    return [
      Finding(
        exitCode: nil,
        problem: "\(list(refused)): the system refuses the memory of the rank beside it, as containers do",
        remedy: "give mpirun \(option)")
    ]
  }

  /// Returns a finding about the ranks that differ from rank 0, if any.
  private static func different(
    _ ranks: [RankFacts], by key: KeyPath<RankFacts, some Equatable>, _ finding: ([RankFacts]) -> Finding
  ) -> [Finding] {
    let others = ranks.filter { facts in facts[keyPath: key] != ranks[0][keyPath: key] }
    return others.isEmpty ? [] : [finding(others)]
  }

  /// Groups the ranks by host, in the order of each host's first rank.
  package static func byHost(_ ranks: [RankFacts]) -> [(host: String, ranks: [RankFacts])] {
    var hosts: [(host: String, ranks: [RankFacts])] = []
    for facts in ranks {
      if let index = hosts.firstIndex(where: { entry in entry.host == facts.host }) {
        hosts[index].ranks.append(facts)
      } else {
        hosts.append((facts.host, [facts]))
      }
    }
    return hosts
  }

  static func list(_ ranks: [RankFacts]) -> String {
    let named = ranks.prefix(3).map(\.name).joined(separator: ", ")
    return ranks.count > 3 ? "\(named) and \(ranks.count - 3) more" : named
  }
}
