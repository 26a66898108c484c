import Configuration
import DistributedStep
import Formats
import Job
import Losses
import MPI
import NeuralNet
import Training

/// The benchmark of the training step: its speed, the time of its parts, and its fraction of the machine's peak rates.
package enum StepBenchmark {
  /// The options of `supcon bench`.
  package struct Request: Sendable {
    /// The options of the benchmarked training run.
    package var overrides: ConfigurationOverrides
    /// The number of measured steps.
    package var steps = 20
    /// True to measure the encoder's layers instead of steps.
    package var isMeasuringLayers = false
    /// The output file of the result as JSON; `nil` for none.
    package var json: String?
    /// The file of an earlier result to compare with; `nil` for none.
    package var compare: String?

    package init(overrides: ConfigurationOverrides) {
      self.overrides = overrides
    }

    var configuration: Configuration { overrides.applied(to: Configuration()) }

    /// Returns the first problem with the values of the options, or `nil`.
    package func problem(ranks: Int) -> String? {
      if isMeasuringLayers {
        if ranks > 1 {
          return "--layers: measures one thread; start it without mpirun"
        }
        if overrides.gives(\.compute.threads), configuration.compute.threads > 1 {
          return "--threads \(configuration.compute.threads): --layers measures one thread; leave it out"
        }
        if compare != nil {
          return "--compare: compares steps; leave out --layers, or --compare"
        }
        if configuration.batches.isSharingStatistics {
          return "--batch-norm \(configuration.batches.batchNorm.text): --layers measures one shard alone; leave it out"
        }
      }
      return Configuration.problem(of: "steps", steps, atLeast: 1)
        ?? configuration.problem(given: overrides, ranks: ranks)?.description
    }
  }

  /// The number of initial steps that are not measured, because they warm the caches.
  private static let stepsLeftOut = 3

  /// Runs and measures the steps, and reports the result; writes no file except the requested one.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    if request.isMeasuringLayers { return try LayerBenchmark.run(request, over: world, report: report) }
    let earlier = try world.onRoot { try request.compare.map { path in try BenchmarkResult(path: path) } }
    let opened = try OpenedConfiguration(request.overrides, over: world, report: report)
    let (configuration, dataset) = (opened.configuration, opened.dataset)
    noteSize(of: opened, report)
    let ranks = world.size
    let sampler = try world.throwingTogether { try configuration.makeSampler(dataset, ranks: ranks) }
    try LeastMemory.check(configuration, over: world)
    world.activity.begin("preparing the step")
    let teacher = try Teacher(of: configuration, dataset, over: world, report: report)
    // Before the step takes memory, which the estimate counts.
    let base = ProcessMeasurements.residentByteCount() ?? 0
    let step = try TrainingStep.prepared(configuration, dataset, sampler, teacher: teacher, over: world)
    try MemoryEstimate.check(step, base: base, evaluatedSamples: nil, over: world, report: report)

    let startup = try slowest(ProcessMeasurements.secondsSinceStart() ?? .nan, over: world)
    var times = StepTimes()
    var messages = StepMessages()
    var state = try step.makeInitialState(over: world, report: report)
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
    let (stepSeconds, parts) = try times.summary(over: world)
    let gathered = try messages.gatheredBytes(over: world)
    let collectives = try messages.collectives(over: world)
    // Read before the peak rates are measured, whose arrays may take more memory than a small model.
    let memory = try ProcessMeasurements.peakResidentByteCounts(over: world)
    world.activity.begin("the machine's peaks")
    let peaks = try MachinePeaks.measure(threads: configuration.compute.threads, over: world)

    let viewsPerStep = configuration.batches.size * configuration.views.count
    let viewSize = configuration.viewSize(of: dataset)
    let multiplyAdds = configuration.multiplyAdds(height: viewSize.height, width: viewSize.width)
    let gigaflops = 2e-9 * Double((multiplyAdds.forward + multiplyAdds.backward) * viewsPerStep) / stepSeconds
    let result = BenchmarkResult(
      command: "bench", version: supconVersion, cpu: ProcessMeasurements.cpuName(), ranks: world.size,
      threadsPerRank: configuration.compute.threads, settings: configuration.settingsOfAStep, steps: request.steps,
      viewsPerStep: viewsPerStep, stepSeconds: stepSeconds, viewsPerSecond: Double(viewsPerStep) / stepSeconds,
      secondsByPart: parts, multiplyAddsForwardPerView: multiplyAdds.forward,
      multiplyAddsBackwardPerView: multiplyAdds.backward, gigaflops: gigaflops,
      shareOfMatrixProduct: gigaflops / peaks.matrixProductGigaflops,
      matrixProductGigaflops: peaks.matrixProductGigaflops, memoryGigabytesPerSecond: peaks.memoryGigabytesPerSecond,
      peakResidentBytesMaximum: memory.maximum, peakResidentBytesSum: memory.sum,
      startupSeconds: startup.isFinite ? startup : nil, gatheredBytesPerRank: gathered.mean,
      gatheredBytesMaximum: gathered.maximum, collectives: collectives,
      reducedVectorBytes: step.vectorLayout.count * MemoryLayout<Float>.size)
    try world.onRoot { try publish(result, request, earlier: earlier ?? nil, report) }
  }

  /// Reports the size of the measured views if a run would begin with smaller ones.
  static func noteSize(of opened: OpenedConfiguration, _ report: Reporter) {
    guard let sizes = opened.configuration.views.progressiveSizes, !sizes.isEmpty else { return }
    let (size, smaller) = (opened.viewSize, sizes.map(String.init).joined(separator: ","))
    report.note(
      "--progressive-size \(smaller): only views of the full size are measured, \(size.width)×\(size.height) pixels; supcon plan tries all sizes"
    )
  }

  /// Prints a result and its comparison with an earlier one, and writes the requested file.
  private static func publish(
    _ result: BenchmarkResult, _ request: Request, earlier: BenchmarkResult?, _ report: Reporter
  ) throws {
    report(result.table())
    try request.json.map { path in try result.write(to: path) }
    if let earlier, let path = request.compare {
      report("\n" + result.comparison(with: earlier, name: path))
    }
  }

  /// Returns the maximum over the ranks; NaN if any rank's value is NaN.
  ///
  /// Collective.
  private static func slowest(_ own: Double, over world: borrowing Communicator) throws -> Double {
    var all = [Double](repeating: 0, count: world.size)
    let mine = [own]
    try world.allGather(mine.span, into: &all)
    return all.contains(where: \.isNaN) ? .nan : all.max() ?? .nan
  }
}

/// The durations of the measured steps and of their parts on this rank.
private struct StepTimes {
  private var steps: [Double] = []
  /// The seconds of each part and of the remainder, `[part][step]`.
  private var parts = [[Double]](repeating: [], count: BenchmarkResult.partNames.count)

  mutating func add(seconds: Double, parts own: [Double]) {
    steps.append(seconds)
    for (index, partSeconds) in (own + [seconds - own.reduce(0, +)]).enumerated() {
      parts[index].append(partSeconds)
    }
  }

  /// Returns the slowest rank's seconds of a step, and each part's: its mean over the ranks, and its maximum; all of
  /// them means over the middle half of the steps.
  ///
  /// All are taken from the same steps, so that the parts of a rank add up to no more than the step. (Medians of the
  /// parts can exceed the median of the steps.)
  ///
  /// Collective.
  func summary(
    over world: borrowing Communicator
  ) throws -> (step: Double, parts: [String: BenchmarkResult.PartSeconds]) {
    var slowest = steps
    try world.allReduceMaximum(&slowest)
    let middle = middleHalf(slowest)
    let own = parts.map { seconds in mean(seconds, of: middle) }
    var (sums, largest) = (own, own)
    try world.allReduceSum(&sums)
    try world.allReduceMaximum(&largest)
    let ranks = Double(world.size)
    let seconds = BenchmarkResult.partNames.indices.map { index in
      BenchmarkResult.PartSeconds(mean: sums[index] / ranks, slowestRank: largest[index])
    }
    return (
      mean(slowest, of: middle), Dictionary(uniqueKeysWithValues: zip(BenchmarkResult.partNames, seconds))
    )
  }

  /// Returns the indices of the values without the largest and the smallest quarter, rounded down.
  private func middleHalf(_ values: [Double]) -> ArraySlice<Int> {
    let quarter = values.count / 4
    return values.indices.sorted { first, second in (values[first], first) < (values[second], second) }
      .dropFirst(quarter).dropLast(quarter)
  }

  private func mean(_ values: [Double], of indices: ArraySlice<Int>) -> Double {
    indices.reduce(0) { sum, index in sum + values[index] } / Double(max(1, indices.count))
  }
}
