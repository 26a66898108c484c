import Configuration
import Datasets
import Formats
import Inference
import Job
import MPI
import NeuralNet
import Runs

/// The predictions, nearest neighbors and maps that a run's encoder gives for images of its dataset, for the report.
///
/// Parts that need a missing dataset or checkpoint are `nil` or empty.
package struct ImageStudy {
  var sets: StudiedSets?
  var views: [SampleViews] = []
  var maps: [EmbeddingMap] = []
  var classification: ClassificationStudy?
  var neighbors: [NeighborStudy] = []
  /// Notes about missing parts, with the reasons.
  var notes: [String] = []
  /// The weights in words, such as "step 13, averaged weights"; `nil` for those after the run's last step.
  private(set) var weightsText: String?

  /// Computes the study of a run.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of `supcon report`.
  ///   - run: The run directory.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError``, but not because a dataset or checkpoint is missing.
  init(
    _ request: ReportStage.Request, _ run: String, over world: borrowing Communicator, report: Reporter
  ) throws {
    let configuration = try Configuration.agreed(over: world) {
      var configuration = try RunDirectory(path: run).configuration()
      if let data = request.data { try FrozenEncoder.replaceData(of: &configuration, by: data, run: run) }
      return configuration
    }
    let sets: StudiedSets
    do {
      world.activity.begin("opening the dataset", allowsSilence: true)
      sets = try StudiedSets(configuration, of: run, over: world, report: report)
    } catch let error as CollectiveError {
      notes.append("Without its images: \(error.error.problem). Give their place with --data.")
      return
    }
    self.sets = sets
    notes += sets.notes
    views = try world.onRoot { try SampleViews.samples(sets.training, configuration, sets.viewSize) } ?? []
    do {
      let encoder = try FrozenEncoder(
        run: run, checkpoint: request.checkpoint, weights: request.weights, data: request.data, over: world,
        report: report)
      let step = request.checkpoint == "latest" ? nil : "step \(encoder.state.step)"
      let texts = [step, Self.text(of: encoder.weights)].compactMap { text in text }
      weightsText = texts.isEmpty ? nil : texts.joined(separator: ", ")
      try study(encoder, run, sets, threads: request.threads, over: world, report: report)
    } catch let error as CollectiveError where error.error.exitCode == .missing {
      notes.append("Without its encoder: \(error.error.problem).")
    }
  }

  /// Returns a title of results of the encoder, with the weights if they are not those after the run's last step.
  func titled(_ title: String) -> String {
    title + (weightsText.map { text in " (\(text))" } ?? "")
  }

  /// Returns the kind of weights in words; `nil` for those after a step.
  private static func text(of weights: RunWeights) -> String? { weights == .average ? "averaged weights" : nil }

  /// Computes features at the beginning and the end of the run, and everything that is derived from them.
  ///
  /// Collective.
  private mutating func study(
    _ encoder: FrozenEncoder, _ run: String, _ sets: StudiedSets, threads: Int, over world: borrowing Communicator,
    report: Reporter
  ) throws {
    report("features of \(sets.training.count) training and \(sets.test.count) \(sets.testName) images")
    let features = FrozenFeatures(encoder, threads: threads)
    let training = try features.rows(of: sets.training, over: world).unit
    let plainTest = try features.rows(of: sets.test, over: world)
    let test = plainTest.unit
    classification = try ClassificationStudy(
      run, encoder, training: training, test: test, plainTest: plainTest, sets, threads: threads, over: world,
      report: report)
    if let note = classification?.note { notes.append(note) }
    neighbors = try world.onRoot { try NeighborStudy.studies(sets, training: training, test: test) } ?? []
    let mapped = StudiedSets.evenly(sets.test, EmbeddingMap.imageLimit)
    let lateRows = test.rows(of: evenlySpaced(EmbeddingMap.imageLimit, below: test.count))
    let early = try earlyEncoder(of: run, encoder, over: world)
    let earlyRows = try early.map { early in
      try FrozenFeatures(early.encoder, threads: threads).rows(of: mapped, over: world).unit
    }
    let addition = Self.text(of: encoder.weights).map { text in ", \(text)" } ?? ""
    world.activity.begin("maps", allowsSilence: true)
    report("maps of \(mapped.count) images")
    maps =
      try world.onRoot {
        let moment =
          RunDirectory(path: run).isImported ? "as imported" : "after \(counted(encoder.state.step, "step"))\(addition)"
        let end = EmbeddingMap(moment: moment, rows: lateRows, of: mapped, threads: threads)
        guard let early, let earlyRows else { return [end] }
        return [EmbeddingMap(moment: early.moment, rows: earlyRows, of: mapped, threads: threads), end]
      } ?? []
  }

  /// Returns the encoder at the beginning of the run.
  ///
  /// It has the initial weights, which the seed determines, or, if the run began with other weights, those of the
  /// earliest checkpoint: their moving average if `encoder` has that, which begins with the initial weights.
  ///
  /// Collective.
  ///
  /// - Returns: The encoder and its state in words; `nil` if no state is earlier than that of `encoder`, or, with a
  ///   note, if the earliest checkpoint lacks the average.
  private mutating func earlyEncoder(
    of run: String, _ encoder: FrozenEncoder, over world: borrowing Communicator
  ) throws -> (encoder: FrozenEncoder, moment: String)? {
    let configuration = encoder.configuration
    if configuration.model.initialPath == nil {
      guard encoder.state.step > 0 else { return nil }
      let state = TrainingState(configuration, try configuration.modelLayout)
      return (FrozenEncoder(configuration: configuration, state: state), "before training")
    }
    let step = try world.rootValue { RunDirectory(path: run).checkpoints.steps.first ?? 0 }
    guard step > 0, step < encoder.state.step else { return nil }
    do {
      let early = try FrozenEncoder(
        run: run, checkpoint: "\(step)", weights: encoder.weights, data: nil, needsData: false, over: world,
        report: .silent)
      let addition = Self.text(of: encoder.weights).map { text in ", \(text)" } ?? ""
      return (early, "after \(counted(step, "step")), the first kept checkpoint\(addition)")
    } catch let error as CollectiveError where error.error.exitCode == .missing {
      notes.append("Without a map of step \(step), the first kept checkpoint: \(error.error.problem).")
      return nil
    }
  }
}
