import Configuration
import Datasets
import DistributedStep
import Glibc
import Job
import MPI
import OneDNN
import Runs
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
    let (configuration, dataset) = (opened.configuration, opened.dataset)
    let teacher = try Teacher(of: configuration, dataset, over: world, report: report)
    let ranksOnHost = world.hostSize
    world.activity.begin("comparing the ranks")
    let needed = try world.throwingTogether {
      try MemoryEstimate(
        configuration, viewSize: opened.viewSize,
        MemoryEstimate.Job(ranks: world.size, ranksOnHost: ranksOnHost), teacher: teacher
      ).byteCountOfShare
    }
    let ranks = try RankFacts(threads: configuration.compute.threads, neededBytes: needed, over: world).gathered(
      over: world)
    for (host, ranks) in LaunchChecks.byHost(ranks) {
      report(describe(host, ranks))
    }
    var findings = LaunchChecks.findings(ranks)
    if let problem = ReferencePrimitives.problem {
      findings.append(Finding(exitCode: nil, problem: problem, remedy: ReferencePrimitives.remedy))
    }
    if ranks[0].settings["btl_tcp_if_include"] == nil {
      findings += try routes(over: world)
    }
    findings += try data(dataset, configuration, over: world)
    findings += try output(request.output, configuration.data, over: world)
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
        cores         \(first.processors), of which each rank may use \(Set(ranks.map(\.allowedProcessors)).sorted().map(String.init).joined(separator: " or "))\(first.limits.processorQuota.map { quota in ", and the time of \(decimal(quota, 1)) by the control group" } ?? "")
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
    let listener = try world.onRoot {
      let listener = Watchdog(root, of: 1, timeoutSeconds: 1e6) {
        RankStatus(collectives: 0, collective: nil, progress: 0, phase: "doctor")
      }
      return (listener, try listener.open().text)
    }
    defer { listener?.0.end() }
    let text = try world.broadcast(text: listener?.1 ?? "")
    let addresses = InterfaceAddress.all()
    let networks = try world.broadcast(
      text: addresses.map { address in "\(address.address) \(address.interface) \(address.network)" }
        .joined(separator: "\n"))
    guard let invitation = Invitation(text: text) else { return [] }
    let isElsewhere = invitation.host != hostName()
    let lines = networks.split(separator: "\n").map { line in line.split(separator: " ").map(String.init) }
    let outer = lines.filter { line in
      !addresses.contains { address in address.isLoopback && address.address == line[0] }
    }
    let dead = isElsewhere ? outer.filter { line in !invitation.answers(at: line[0]) } : []
    let reports = try world.allGather(text: dead.map { line in line[0] }.joined(separator: " "))
    let hosts = try world.allGather(text: hostName())
    guard let rank = reports.firstIndex(where: { report in !report.isEmpty }) else { return [] }
    let unreachable = reports[rank].split(separator: " ").map(String.init)
    let names = outer.filter { line in unreachable.contains(line[0]) }.map { line in "\(line[0]) (\(line[1]))" }
    let good = outer.first { line in
      !reports.contains { report in report.split(separator: " ").contains { address in address == line[0] } }
    }
    return [
      Finding(
        exitCode: nil,
        problem: "rank \(rank) on host \(hosts[rank]): cannot reach rank 0 on host \(hosts[0]) at "
          + names.joined(separator: ", "),
        remedy: good.map { line in
          "name the network that leads there: \(LauncherOptions.current.network(line[2], line[1]))"
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
  /// parent.
  ///
  /// Collective.
  private static func output(
    _ path: String?, _ data: DataOptions, over world: borrowing Communicator
  ) throws -> [Finding] {
    let found = try world.onRoot { () throws -> Finding? in
      let probe = "\(RunDirectory.existingParent(of: path ?? "runs"))/.supcon-doctor-\(getpid())"
      guard unsafe mkdir(probe, 0o700) == 0 else {
        return Finding(
          exitCode: .output, problem: "\(path ?? "runs"): rank 0 cannot write there",
          remedy: "choose another --output, or change the folder's owner")
      }
      unsafe rmdir(probe)
      // A run that is there already can be resumed.
      guard let directory = path.map(RunDirectory.init), !directory.holdsRun else { return nil }
      do throws(RunError) {
        try directory.checkIsApart(from: data.path, data.splitFolders)
        return nil
      } catch {
        return Finding(exitCode: .output, problem: error.problem, remedy: error.remedy)
      }
    }
    return try world.broadcast(value: [found ?? nil].compactMap { finding in finding })
  }
}
