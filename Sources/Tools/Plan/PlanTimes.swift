import Configuration
import DistributedStep
import ImageCodecs
import MPI
import Scaling

/// The estimated times of a planned run, for each size of its views (`--progressive-size`).
struct PlanTimes {
  /// A stage of the run with views below the full size.
  struct Stage: Codable {
    /// The height and width of the stage's views in pixels.
    var imageSize: Int
    /// The number of steps of the stage.
    var steps: Int
    var secondsPerStep: Double
  }

  /// The seconds of a step with views of the full size.
  let secondsPerStep: Double
  /// The stages before those of the full size, in the order of training; empty for a run without them.
  let stages: [Stage]
  /// The prediction for several hosts, of a step with views of the full size; `nil` unless it was asked for.
  let scaling: ScalingResult?

  /// The run whose steps are timed.
  struct Run {
    /// The number of ranks on all hosts.
    var ranks: Int
    var ranksOnHost: Int
    var stepsPerEpoch: Int
    /// The last step of the run.
    var steps: Int
  }

  /// Times a small step with views of each size, which takes a few seconds for each.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration with all defaults resolved.
  ///   - viewSize: The full size of views.
  ///   - memory: The division of the memory.
  ///   - teacher: The teacher that the configuration names.
  ///   - run: The ranks and steps of the run.
  ///   - request: The options of `supcon plan`.
  ///   - world: The ranks of this job.
  /// - Throws: The errors of oneDNN and MPI.
  init(
    _ configuration: Configuration, viewSize: ImageSize, _ memory: MemoryEstimate, teacher: Teacher?, _ run: Run,
    _ request: PlanStage.Request, over world: borrowing Communicator
  ) throws {
    var stages = Self.stages(of: configuration.views, run)
    for index in stages.indices {
      var stage = configuration
      stage.views.stageSize = stages[index].imageSize
      stages[index].secondsPerStep =
        try Self.timed(stage, viewSize: viewSize, memory, teacher: teacher, run, request, over: world).seconds
    }
    self.stages = stages
    (secondsPerStep, scaling) = try Self.timed(
      configuration, viewSize: viewSize, memory, teacher: teacher, run, request, over: world)
  }

  /// Returns the seconds of all steps of the run.
  func secondsTotal(steps: Int) -> Double {
    let smaller = stages.reduce(0) { sum, stage in sum + stage.steps }
    return stages.reduce(secondsPerStep * Double(steps - smaller)) { sum, stage in
      sum + stage.secondsPerStep * Double(stage.steps)
    }
  }

  /// Returns the stages below the full size that have any steps, before these are timed.
  private static func stages(of views: ViewOptions, _ run: Run) -> [Stage] {
    var (stages, start): ([Stage], Int) = ([], 0)
    for (size, epochs) in zip(views.progressiveSizes ?? [], views.progressiveEpochs ?? []) {
      let end = min(epochs * run.stepsPerEpoch, run.steps)
      if end > start {
        stages.append(Stage(imageSize: size, steps: end - start, secondsPerStep: 0))
      }
      start = max(start, end)
    }
    return stages
  }

  /// Times a small step of a configuration, and predicts that of several hosts if it was asked for.
  ///
  /// Collective.
  private static func timed(
    _ configuration: Configuration, viewSize: ImageSize, _ memory: MemoryEstimate, teacher: Teacher?, _ run: Run,
    _ request: PlanStage.Request, over world: borrowing Communicator
  ) throws -> (seconds: Double, scaling: ScalingResult?) {
    let probe = try StepProbe(
      configuration, viewSize: viewSize, memory, teacher: teacher, ranks: run.ranks,
      timesSegments: request.hosts != nil, over: world)
    let scaling = request.hosts.map { hosts in
      ScalingResult(
        configuration, probe, hosts: hosts, ranksPerHost: run.ranksOnHost, request.link.flatMap(NetworkLink.init))
    }
    return (scaling?.secondsPerStep ?? probe.stepSeconds, scaling)
  }
}
