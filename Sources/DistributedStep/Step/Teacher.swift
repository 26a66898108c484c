import Configuration
import Datasets
import Formats
import ImageCodecs
import Inference
import Job
import MPI
import NeuralNet
import OneDNN
import Runs

/// The teacher of a distillation (`--teacher`): a run's frozen encoder and its classifier, the same on every rank.
package struct Teacher {
  /// The SHA-256 of encoder and classifier, which a resumed run compares.
  package let weightsHash: String

  private let encoder: FrozenEncoder
  private let classifier: RunClassifier
  /// The conversion of the student's views to the normalization of the teacher's images.
  private let conversion: ViewConversion

  /// Reads the teacher that a configuration names on rank 0, and broadcasts it; `nil` if it names none.
  ///
  /// The weights are those after the last step of the newest checkpoint. The classifier is that of `supcon linear`, or
  /// else the one that was trained along with the encoder.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - configuration: The configuration of the run that learns, with its number of classes.
  ///   - dataset: The training set.
  ///   - world: The ranks.
  ///   - report: Receives a line about the teacher, on rank 0.
  /// - Throws: ``CollectiveError`` if there is no such run, or if it has no classifier, other classes, weights that are
  ///   not finite, or others than those with which the run was begun.
  package init?(
    of configuration: Configuration, _ dataset: any ImageDataset, over world: borrowing Communicator, report: Reporter
  ) throws {
    guard let path = configuration.classifier.teacherPath else { return nil }
    let encoder = try Self.naming {
      try FrozenEncoder(run: path, data: nil, needsData: false, over: world, report: report)
    }
    let found = try RunClassifier(of: encoder, run: path, over: world, report: report)
    let difference = try found?.difference(
      from: dataset.classNames, of: "the training set", run: path, over: world)
    (classifier, weightsHash) = try world.throwingTogether {
      guard let found else {
        throw RunError(
          .configuration, "--teacher \(path): the run has no classifier",
          remedy: "train one: \(ClassifierFile.trainingCommand(run: path))")
      }
      if let difference {
        throw RunError(
          .configuration, "--teacher \(path): \(difference)", remedy: "give a run that was trained on these classes")
      }
      guard Self.isFinite(encoder, found) else {
        throw RunError(
          .configuration, "--teacher \(path): its weights or running statistics are not finite",
          remedy: "give another run")
      }
      let hash = Self.hash(encoder, found)
      if let begun = configuration.classifier.teacherHash, begun != hash {
        throw RunError(
          .configuration, "--teacher \(path): its weights are not those with which this run was begun",
          remedy: "put them back, or begin a new run (leave teacher-weights out of a file of --config)")
      }
      return (found, hash)
    }
    let own = try encoder.normalization(ofRun: path, over: world)
    conversion = own.flatMap { own in ViewConversion(from: dataset.normalization, to: own) } ?? ViewConversion()
    self.encoder = encoder
    report("teacher: \(encoder.configuration.model.name) of \(path), \(encoder.stepText)")
    encoder.noteProgress(report)
  }

  /// Opens the teacher's run; errors name the option.
  private static func naming(_ open: () throws -> FrozenEncoder) throws -> FrozenEncoder {
    do {
      return try open()
    } catch let agreed as CollectiveError {
      let error = agreed.error
      throw CollectiveError(
        error: RunError(
          error.exitCode, "--teacher: \(error.problem)",
          remedy: error.exitCode == .missing ? "if it was moved, give --teacher with its present place" : error.remedy))
    }
  }

  private static func isFinite(_ encoder: FrozenEncoder, _ classifier: RunClassifier) -> Bool {
    encoder.state.parameters.withSpan { parameters in parameters.isFinite }
      && encoder.state.statistics.withSpan { statistics in statistics.isFinite }
      && classifier.weight.span.isFinite && classifier.bias.span.isFinite
  }

  private static func hash(_ encoder: FrozenEncoder, _ classifier: RunClassifier) -> String {
    let digest = SHA256()
    let encoderHash = Array(encoder.state.weightsSHA256().utf8)
    unsafe digest.update(encoderHash.span.bytes)
    unsafe digest.update(classifier.weight.span.bytes)
    unsafe digest.update(classifier.bias.span.bytes)
    return SHA256.hexadecimal(digest.finalize())
  }

  /// Compiles the teacher for one thread and shards of `rows` views.
  ///
  /// - Parameters:
  ///   - engine: The oneDNN engine.
  ///   - viewSize: The size of views.
  ///   - rows: The number of views in a shard.
  ///   - packedWeights: The packed weights, shared with the teachers of other threads.
  /// - Returns: The compiled teacher.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  func compiled(
    _ engine: Engine, viewSize: ImageSize, rows: Int, packedWeights: PackedWeights
  ) throws -> TeacherModel {
    let model = try InferenceEncoder(
      engine, encoder.configuration, encoder.state, viewSize: viewSize, rows: rows, packedWeights: packedWeights)
    return TeacherModel(model, classifier, conversion)
  }
}
