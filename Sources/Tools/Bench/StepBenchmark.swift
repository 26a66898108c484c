import Configuration
import Formats
import Job
import Losses
import MPI
import NeuralNet
import Training

/// Measures the training step: how fast it is, where its time goes, and how that compares with what the machine can do.
package enum StepBenchmark {
  /// What the command line asks for.
  package struct Request: Sendable {
    /// The options that were given.
    package var overrides: ConfigurationOverrides
    /// How many steps to measure.
    package var steps = 20
    /// Where the result goes as JSON, if anywhere.
    package var json: String?
    /// An earlier result to compare with.
    package var compare: String?

    /// A request.
    package init(overrides: ConfigurationOverrides) {
      self.overrides = overrides
    }

    var configuration: Configuration { overrides.applied(to: Configuration()) }

    /// What is wrong with the options alone, or `nil`.
    package func problem(ranks: Int) -> String? {
      Configuration.problem(of: "steps", steps, atLeast: 1) ?? configuration.problem(ranks: ranks)
    }
  }

  /// The first steps warm caches and are left out.
  private static let stepsLeftOut = 3

  /// Takes steps, with every rank calling it, and writes nothing but the file that was asked for.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: What to do.
  ///   - world: The ranks.
  ///   - report: Receives texts for people, on rank 0.
  /// - Throws: ``CollectiveError`` for what all ranks know, anything else for what ends the job at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: @escaping (String) -> Void
  ) throws {
    let earlier = try world.onRoot { try request.compare.map { path in try BenchmarkResult(path: path) } }
    let opened = try OpenedConfiguration(request.overrides, over: world, report: report)
    let (configuration, dataset) = (opened.configuration, opened.dataset)
    let sampler = try world.throwingTogether { try configuration.makeSampler(dataset) }
    world.activity.begin("preparing the step")
    let step = try TrainingStep.prepared(configuration, dataset, sampler, over: world, order: .tree)
    try MemoryPlan.check(step, over: world, report: report)

    let startup = try slowest(ProcessMeasurements.secondsSinceStart() ?? .nan, over: world)
    var times = StepTimes()
    var messages = StepMessages()
    var state = step.initialState
    var batches = BatchOrder(sampler)
    var batch = batches.batch(ofStep: 0)
    for index in 0..<stepsLeftOut + request.steps {
      let next = batches.batch(ofStep: state.step + 1)
      let start = ProcessMeasurements.now()
      let result = try step.run(&state, batch, next: next, over: world)
      batch = next
      if index >= stepsLeftOut {
        times.add(seconds: ProcessMeasurements.now() - start, parts: result.partSeconds)
        messages.add(result)
      }
    }
    let stepSeconds = try times.stepSeconds(over: world)
    let parts = try times.secondsByPart(over: world)
    let gathered = try messages.gatheredBytes(over: world)
    let collectives = try messages.collectives(over: world)
    // Before the peaks, whose arrays are larger than all of a small model.
    let memory = try ProcessMeasurements.peakResidentByteCounts(over: world)
    world.activity.begin("the machine's peaks")
    let peaks = try MachinePeaks.measure(threads: configuration.threads, over: world)

    let viewsPerStep = configuration.batchSize * configuration.views
    let viewSize = configuration.viewSize(of: dataset)
    let multiplyAdds = configuration.multiplyAdds(height: viewSize.height, width: viewSize.width)
    let gigaflops = 2e-9 * Double((multiplyAdds.forward + multiplyAdds.backward) * viewsPerStep) / stepSeconds
    let result = BenchmarkResult(
      command: "bench", version: supconVersion, cpu: ProcessMeasurements.cpuName(), ranks: world.size,
      threadsPerRank: configuration.threads, settings: configuration.settingsOfAStep, steps: request.steps,
      viewsPerStep: viewsPerStep, stepSeconds: stepSeconds, viewsPerSecond: Double(viewsPerStep) / stepSeconds,
      secondsByPart: parts, multiplyAddsForwardPerView: multiplyAdds.forward,
      multiplyAddsBackwardPerView: multiplyAdds.backward, gigaflops: gigaflops,
      shareOfMatrixProduct: gigaflops / peaks.matrixProductGigaflops,
      matrixProductGigaflops: peaks.matrixProductGigaflops, memoryGigabytesPerSecond: peaks.memoryGigabytesPerSecond,
      peakResidentBytesMaximum: memory.maximum, peakResidentBytesSum: memory.sum,
      startupSeconds: startup.isFinite ? startup : nil, gatheredBytesPerRank: gathered.mean,
      gatheredBytesMaximum: gathered.maximum, collectives: collectives,
      reducedVectorBytes: step.vector.count * MemoryLayout<Float>.size)
    report(result.table())
    try world.onRoot {
      try request.json.map { path in try result.write(to: path) }
      if let earlier, let earlier, let path = request.compare {
        report("\n" + result.comparison(with: earlier, name: path))
      }
    }
  }

  /// The largest of all ranks' numbers; not a number if it is none on any.
  ///
  /// Collective.
  private static func slowest(_ own: Double, over world: borrowing Communicator) throws -> Double {
    var all = [Double](repeating: 0, count: world.size)
    let mine = [own]
    try world.allGather(mine.span, into: &all)
    return all.contains(where: \.isNaN) ? .nan : all.max() ?? .nan
  }
}

/// The seconds of the measured steps on this rank.
private struct StepTimes {
  private var steps: [Double] = []
  /// The seconds of each part, and of the rest, over the steps.
  private var parts = [[Double]](repeating: [], count: BenchmarkResult.partNames.count)

  mutating func add(seconds: Double, parts own: [Double]) {
    steps.append(seconds)
    for (index, partSeconds) in (own + [seconds - own.reduce(0, +)]).enumerated() {
      parts[index].append(partSeconds)
    }
  }

  /// The median over steps of the slowest rank's seconds.
  ///
  /// Collective.
  func stepSeconds(over world: borrowing Communicator) throws -> Double {
    var slowest = steps
    try world.allReduceMaximum(&slowest)
    return median(slowest) ?? 0
  }

  /// Each part's median over steps, on average and on the slowest rank.
  ///
  /// Collective.
  func secondsByPart(over world: borrowing Communicator) throws -> [String: BenchmarkResult.PartSeconds] {
    let own = parts.map { seconds in median(seconds) ?? 0 }
    var (sums, largest) = (own, own)
    try world.allReduceSum(&sums)
    try world.allReduceMaximum(&largest)
    let ranks = Double(world.size)
    return Dictionary(
      uniqueKeysWithValues: BenchmarkResult.partNames.indices.map { index in
        (
          BenchmarkResult.partNames[index],
          BenchmarkResult.PartSeconds(mean: sums[index] / ranks, slowestRank: largest[index])
        )
      })
  }
}

extension Configuration {
  /// The options that decide what a step computes and where its samples come from, by name.
  fileprivate var settingsOfAStep: [String: OptionValue] {
    let others: Set<CodingKeys> = [
      .data, .shapesTest, .epochs, .steps, .threads, .checkpointSteps, .keep, .logSteps,
    ]
    let settings = optionValues.filter { name, _ in
      CodingKeys(rawValue: name).map { key in !others.contains(key) } ?? true
    }
    return Dictionary(
      uniqueKeysWithValues: settings.map { name, value in
        (String(name.map { letter in letter == "-" ? "_" : letter }), value)
      })
  }
}
