import Configuration
import Datasets
import DistributedStep
import Glibc
import Job
import MPI
import OneDNN
import Runs
import Training
import Watchdog

/// The checks of `supcon doctor`: all launch checks, with the facts that they examine.
package enum Doctor {
  /// The options of `supcon doctor`.
  package struct Request: Sendable {
    /// The options of the planned run.
    package var overrides: ConfigurationOverrides
    /// The directory in which the planned run will be stored; `nil` for the default.
    package var output: String?

    package init(overrides: ConfigurationOverrides, output: String?) {
      self.overrides = overrides
      self.output = output
    }

    var configuration: Configuration { overrides.applied(to: Configuration()) }

    /// Returns the first problem with the values of the options, or `nil`.
    package func problem(ranks: Int) -> String? {
      configuration.problem(given: overrides, ranks: ranks)?.description
    }
  }

  /// Checks the launch of a planned run, and reports facts and problems.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of `supcon doctor`.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if there is any problem, with the exit code that the problem has in a run, or 78 if
  ///   a run would continue.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    world.activity.begin("opening the dataset", allowsSilence: true)
    let opened = try OpenedConfiguration(request.overrides, over: world, report: report)
    var resolved = opened.configuration
    resolved.compute.loaderThreads = try SpareProcessors.loaderThreads(
      resolved.compute, ranksOnHost: world.hostSize, over: world)
    let (configuration, dataset) = (resolved, opened.dataset)
    // What a run is refused for; models are compiled for the estimate below, which takes memory too.
    try LeastMemory.check(configuration, over: world)
    let teacher = try Teacher(of: configuration, dataset, over: world, report: report)
    let ranksOnHost = world.hostSize
    world.activity.begin("comparing the ranks")
    // A set that cannot fill a batch is refused by the run; here the memory of its batches is of interest all the same.
    let stepsPerEpoch = (try? configuration.makeSampler(dataset, ranks: world.size))?.stepsPerEpoch ?? 1
    let job = MemoryEstimate.Job(
      ranks: world.size, ranksOnHost: ranksOnHost,
      evaluatedSamples: try opened.evaluatedSamples(stepsPerEpoch: stepsPerEpoch, over: world))
    let needed = try world.throwingTogether {
      try MemoryEstimate(configuration, viewSize: opened.viewSize, job, teacher: teacher).byteCountOfShare
    }
    let facts = try RankFacts(threads: configuration.compute.threads, neededBytes: needed, over: world).gathered(
      over: world)
    for (host, ranks) in LaunchChecks.byHost(facts) {
      report(describe(host, ranks))
    }
    var findings = LaunchChecks.findings(facts)
    if let problem = ReferencePrimitives.problem {
      findings.append(Finding(exitCode: nil, problem: problem, remedy: ReferencePrimitives.remedy))
    }
    if facts[0].settings["btl_tcp_if_include"] == nil {
      findings += try routes(over: world)
    }
    findings += try data(dataset, configuration, over: world)
    findings += try output(request.output, configuration.data, over: world, report: report)
    guard let worst = findings.first(where: { finding in finding.exitCode != nil }) ?? findings.first else {
      report("nothing is wrong")
      return
    }
    for finding in findings {
      report("finding: \(finding.problem)\n    → \(finding.remedy)")
    }
    throw CollectiveError(
      error: RunError(
        worst.exitCode ?? .configuration,
        "\(counted(findings.count, "finding")), see above"))
  }

  private static func describe(_ host: String, _ ranks: [RankFacts]) -> String {
    let first = ranks[0]
    let numbers = ranks.map { facts in "\(facts.rank)" }.joined(separator: ", ")
    let networks = first.networks.map { network in "\(network.interface) \(network.network)" }
    return """
      host \(host)
        ranks         \(counted(ranks.count, "rank")) (number\(ranks.count == 1 ? "" : "s") \(numbers)), \(counted(first.threads, "thread"))\(ranks.count == 1 ? "" : " each")
        cores         \(first.processors), of which each rank may use \(Set(ranks.map(\.allowedProcessors.count)).sorted().map(String.init).joined(separator: " or "))\(first.limits.processorQuota.map { quota in ", and the time of \(decimal(quota, 1)) by the control group" } ?? "")
        CPU           \(first.cpu), \(first.instructions)
        memory        \(first.availableBytes.map(gigabytes) ?? "unknown") free, about \(gigabytes(ranks.reduce(0) { sum, facts in sum + (facts.neededBytes ?? 0) })) needed
        networks      \(networks.isEmpty ? "none" : networks.joined(separator: ", "))
        program       \(first.program.isEmpty ? "one rank's, none to compare with" : String(first.program.prefix(12)))
      """
  }

  /// Finds addresses of rank 0's host that cannot be reached from other hosts.
  ///
  /// Collective.
  private static func routes(over world: borrowing Communicator) throws -> [Finding] {
    guard world.size > 1 else { return [] }
    let root = RankIdentity(rank: 0, host: hostName(), process: Int(getpid()))
    var listener: Watchdog?
    defer { listener?.end() }
    let invitation = try world.rootValue { () throws -> Invitation in
      let watchdog = Watchdog(root, of: 1, timeoutSeconds: 1e6) {
        RankStatus(collectives: 0, collective: nil, progress: 0, phase: "doctor")
      }
      listener = watchdog
      return try watchdog.open()
    }
    let addresses = InterfaceAddress.all()
    let outer = try world.broadcast(value: addresses).filter { other in
      !addresses.contains { address in address.isLoopback && address.address == other.address }
    }
    let isElsewhere = invitation.host != hostName()
    let dead = isElsewhere ? outer.map(\.address).filter { address in !invitation.answers(at: address) } : []
    let unreachable = try world.allGather(value: dead)
    let hosts = try world.allGather(text: hostName())
    guard let rank = unreachable.firstIndex(where: { addresses in !addresses.isEmpty }) else { return [] }
    let names = outer.filter { other in unreachable[rank].contains(other.address) }
      .map { other in "\(other.address) (\(other.interface))" }
    let good = outer.first { other in !unreachable.joined().contains(other.address) }
    return [
      Finding(
        exitCode: nil,
        problem: "rank \(rank) on host \(hosts[rank]): cannot reach rank 0 on host \(hosts[0]) at "
          + names.joined(separator: ", "),
        remedy: good.map { good in
          "name the network that leads there: \(LauncherOptions.current.network(good.network, good.interface))"
        } ?? "look at firewall and routes between the hosts")
    ]
  }

  private static func data(
    _ dataset: any ImageDataset, _ configuration: Configuration, over world: borrowing Communicator
  ) throws -> [Finding] {
    do {
      try world.agreeOnSamples(of: dataset, configuration)
      return []
    } catch let error as CollectiveError {
      return [Finding(exitCode: error.error.exitCode, problem: error.error.problem, remedy: error.error.remedy)]
    }
  }

  /// Checks, by creating and removing a folder, that rank 0 can write to the run directory or its nearest existing
  /// parent, and that a new run may begin there.
  ///
  /// Collective. A run that is there already and can be resumed is a note.
  private static func output(
    _ path: String?, _ data: DataOptions, over world: borrowing Communicator, report: Reporter
  ) throws -> [Finding] {
    try world.rootValue { () throws -> [Finding] in
      let probe = "\(OutputFolder.existingParent(of: path ?? "runs"))/.supcon-doctor-\(getpid())"
      guard unsafe mkdir(probe, 0o700) == 0 else {
        return [
          Finding(
            exitCode: .output, problem: "\(path ?? "runs"): rank 0 cannot write there",
            remedy: "choose another --output, or change the folder's owner")
        ]
      }
      unsafe rmdir(probe)
      guard let directory = path.map(RunDirectory.init) else { return [] }
      do throws(RunError) {
        try directory.checkIsFree()
        try directory.checkIsApart(from: data.path, data.splitFolders)
        return []
      } catch {
        let isResumable =
          directory.holdsRun && directory.status != .finished && directory.status != .diverged
          && RunLock.holder(ofDirectory: directory.path) == nil
        if isResumable {
          report.note(error.description)
          return []
        }
        return [Finding(exitCode: .output, problem: error.problem, remedy: error.remedy)]
      }
    }
  }
}
