import Configuration
import Datasets
import DistributedStep
import Job
import MPI
import NeuralNet
import Scaling
import Training

/// The estimates of `supcon plan`: parameters, memory, time and disk space of a run, without training.
package enum PlanStage {
  /// The options of `supcon plan`.
  package struct Request: Sendable {
    /// The options of the planned run.
    package var overrides: ConfigurationOverrides
    /// The number of ranks on a host; `nil` for the ranks of this job.
    package var ranks: Int?
    /// The number of hosts to plan for, if they are not those of this job; `nil` for the hosts of this job.
    package var hosts: Int?
    /// The speed and latency of the network between the hosts, as text such as `10Gb/s,30us`.
    package var link: String?
    /// True to propose ranks and threads instead of planning for given ones.
    package var isProposing = false
    /// The partial description of the host for which ranks and threads are proposed.
    package var host = HostTopology.Description()
    /// True to print one JSON object instead of a table.
    package var isJSON = false

    package init(overrides: ConfigurationOverrides) {
      self.overrides = overrides
    }

    /// Returns the first problem with the values of the options, or `nil`.
    ///
    /// - Parameter launched: The number of ranks that the launcher started.
    /// - Returns: A sentence with the option, the expected values and the remedy, or `nil`.
    package func problem(ranks launched: Int) -> String? {
      if let problem = problemOfProposal(ranks: launched) {
        return problem
      }
      if let ranks {
        if ranks < 1 {
          return "--ranks \(ranks): expected at least 1"
        }
        if launched > 1, ranks != launched {
          return "--ranks \(ranks): \(counted(launched, "rank")) were started; leave it out, or plan without mpirun"
        }
      }
      if let problem = problemOfHosts(ranks: launched) {
        return problem
      }
      // Numbers above those of any option are refused all the same.
      let all = min(ranks ?? launched, largestOption) * min(hosts ?? 1, largestOption)
      return overrides.applied(to: Configuration()).problem(given: overrides, ranks: all)?.description
    }
  }

  /// Proposes numbers of ranks and threads, and reports them.
  private static func propose(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    let notes = request.isJSON ? Reporter.silent : report
    let opened = try OpenedConfiguration(request.overrides, over: world, report: notes)
    let topology = try world.throwingTogether { try HostTopology(request.host) }
    for note in HostTopology.contradictions(request.host) {
      notes.note(note)
    }
    // Models are compiled here, also for a host that is only described.
    try LeastMemory.check(opened.configuration, over: world)
    world.activity.begin("planning", allowsSilence: true)
    let configuration = opened.configuration
    let sampler = try world.throwingTogether { try configuration.makeSampler(opened.dataset, ranks: 1) }
    let teacher = try Teacher(of: configuration, opened.dataset, over: world, report: notes)
    let evaluatedSamples = try opened.evaluatedSamples(stepsPerEpoch: sampler.stepsPerEpoch, over: world)
    let proposals = try LaunchProposal.proposals(
      configuration, viewSize: opened.viewSize, teacher: teacher, evaluatedSamples: evaluatedSamples, on: topology)
    guard !proposals.isEmpty else {
      throw CollectiveError(
        error: RunError(
          .usage, "the run fits no division into ranks and threads in \(megabytes(topology.memoryByteCount))",
          remedy: "give a smaller --shard-size or --activation-memory, or use a host with more memory"))
    }
    let result = ProposalResult(configuration, topology, proposals)
    report(request.isJSON ? result.json() : result.table())
  }

  /// Estimates the planned run, and reports the result.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of `supcon plan`.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    guard !request.isProposing else { return try propose(request, over: world, report: report) }
    let notes = request.isJSON ? Reporter.silent : report
    let opened = try OpenedConfiguration(request.overrides, over: world, report: notes)
    let hosts = request.hosts ?? 1
    let ranks = (request.ranks ?? world.size) * hosts
    let ranksOnHost = world.size == 1 ? ranks / hosts : world.hostSize
    var resolved = opened.configuration
    resolved.compute.loaderThreads = try SpareProcessors.loaderThreads(
      resolved.compute, ranksOnHost: ranksOnHost, over: world)
    let (configuration, viewSize) = (resolved, opened.viewSize)
    let sampler = try world.throwingTogether { try configuration.makeSampler(opened.dataset, ranks: ranks) }
    let unused = OptionsWithoutEffect.notes(
      configuration, given: request.overrides, stepsPerEpoch: sampler.stepsPerEpoch)
    for note in unused { notes.note(note) }
    let steps = configuration.schedule.lastStep(stepsPerEpoch: sampler.stepsPerEpoch)

    // What a run is refused for; models are compiled for the estimate below, which takes memory too.
    try LeastMemory.check(configuration, over: world)
    world.activity.begin("planning", allowsSilence: true)
    let teacher = try Teacher(of: configuration, opened.dataset, over: world, report: notes)
    let job = MemoryEstimate.Job(
      ranks: ranks, ranksOnHost: ranksOnHost,
      evaluatedSamples: try opened.evaluatedSamples(stepsPerEpoch: sampler.stepsPerEpoch, over: world))
    let memory = try world.throwingTogether {
      try MemoryEstimate(configuration, viewSize: viewSize, job, teacher: teacher)
    }
    let available = ProcessMeasurements.availableByteCount()
    // The memory that this process already uses is available to it.
    let free = available.map { bytes in
      bytes + (world.size == 1 ? 1 : ranksOnHost) * (memory.items.first?.byteCount ?? 0)
    }
    var lacking = [free.map { free in memory.hostByteCount <= free } ?? true ? 0.0 : 1.0]
    try world.allReduceMaximum(&lacking)
    let run = PlanTimes.Run(
      ranks: ranks, ranksOnHost: ranksOnHost, stepsPerEpoch: sampler.stepsPerEpoch, steps: steps)
    let times =
      lacking[0] == 0
      ? try PlanTimes(configuration, viewSize: viewSize, memory, teacher: teacher, run, request, over: world) : nil
    let result = try world.throwingTogether {
      PlanResult(
        configuration, viewSize: viewSize, memory, layout: try configuration.modelLayout, ranks: ranks,
        ranksOnHost: ranksOnHost, freeByteCount: free, stepsPerEpoch: sampler.stepsPerEpoch, steps: steps,
        times: times)
    }
    report(request.isJSON ? result.json() : result.table(isMeasuredAlone: world.size < ranks))
  }
}

extension PlanStage.Request {
  /// Returns the error message for the options about several hosts; `nil` if they are valid.
  private func problemOfHosts(ranks launched: Int) -> String? {
    guard let hosts else {
      return link.map { link in "--link \(link): describes the network between hosts; add --hosts, or leave it out" }
    }
    if hosts < 1 {
      return "--hosts \(hosts): expected at least 1"
    }
    if launched > 1 {
      return
        "--hosts \(hosts): plans hosts that are not started; leave out mpirun, and give --ranks for the ranks of each"
    }
    if let problem = link.flatMap(NetworkLink.problem) {
      return problem
    }
    if hosts > 1, link == nil {
      return "--hosts \(hosts): needs --link with the speed and latency of their network, such as --link 10Gb/s,30us"
    }
    let configuration = overrides.applied(to: Configuration())
    if case .weights = configuration.compute.balance {
      return "--balance: the hosts of --hosts are equal; leave it out"
    }
    let batches = configuration.batches
    guard hosts > batches.shardCount, batches.size.isMultiple(of: max(batches.shardSize, 1)) else { return nil }
    return
      "--hosts \(hosts): more hosts than the \(counted(batches.shardCount, "shard")) of a batch (--batch-size \(batches.size) in shards of --shard-size \(batches.shardSize)); plan for at most \(counted(batches.shardCount, "host")), or choose a smaller shard or a larger batch"
  }
}

extension PlanStage.Request {
  /// Returns the error message for the options of a proposal; `nil` if they are valid.
  private func problemOfProposal(ranks launched: Int) -> String? {
    guard isProposing else {
      let given = [("cores", host.cores), ("sockets", host.sockets), ("memory", host.memoryByteCount)]
      return given.first { _, value in value != nil }.map { name, _ in
        "--\(name): describes the host of --propose; add --propose, or leave it out"
      }
    }
    if ranks != nil || launched > 1 {
      return "--propose: chooses the number of ranks; leave out \(ranks == nil ? "mpirun" : "--ranks")"
    }
    if hosts != nil || link != nil {
      return "--propose: chooses ranks and threads of one host; leave out --\(hosts == nil ? "link" : "hosts")"
    }
    if overrides.gives(\.compute.threads) {
      return "--propose: chooses --threads; leave it out"
    }
    if case .weights = overrides.applied(to: Configuration()).compute.balance {
      return "--propose: chooses the number of ranks, and --balance has a number for each; leave it out"
    }
    return host.problem
  }
}
