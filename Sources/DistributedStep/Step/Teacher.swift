import Configuration
import DataLoading
import Evaluation
import Formats
import ImageCodecs
import Imaging
import Job
import MPI
import NeuralNet
import OneDNN
import Runs

/// The teacher of a distillation (`--teacher`): a run's frozen encoder and its classifier, the same on every rank.
package struct Teacher {
  /// The SHA-256 of encoder and classifier, which a resumed run compares.
  package let weightsHash: String
  /// The run and its network in words, for the log.
  package let text: String

  private let path: String
  /// The names of the classes, on rank 0; empty if the run's files do not hold them.
  private let classNames: [String]
  private let encoder: FrozenEncoder
  private let classifier: RunClassifier

  /// Reads the teacher that a configuration names on rank 0, and broadcasts it; `nil` if it names none.
  ///
  /// The classifier is the one of `supcon linear`, or else the one that was trained along with the encoder.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - configuration: The configuration of the run that learns, with its number of classes.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` if there is no such run, or if it has no classifier, other classes, or other weights
  ///   than those with which the run was begun.
  package init?(
    of configuration: Configuration, over world: borrowing Communicator, report: Reporter
  ) throws {
    guard let path = configuration.classifier.teacherPath else { return nil }
    let encoder = try FrozenEncoder(run: path, data: nil, needsData: false, over: world, report: report)
    let classifier = try RunClassifier(of: encoder, run: path, over: world, report: report)
    (self.classifier, weightsHash) = try world.throwingTogether {
      guard let classifier else {
        throw RunError(
          .configuration, "--teacher \(path): the run has no classifier",
          remedy: "train one: supcon linear \(path.shellQuoted)")
      }
      let (own, expected) = (classifier.bias.count, try configuration.classCount)
      guard own == expected else {
        throw RunError(
          .configuration, "--teacher \(path): it knows \(counted(own, "class")), the training set has \(expected)",
          remedy: "give a run that was trained on these classes")
      }
      let hash = Self.hash(encoder, classifier)
      if let begun = configuration.classifier.teacherHash, begun != hash {
        throw RunError(
          .configuration, "--teacher \(path): its weights are not those with which this run was begun",
          remedy: "put them back, or begin a new run with another --output")
      }
      return (classifier, hash)
    }
    self.path = path
    self.encoder = encoder
    classNames = (try world.onRoot { Self.classNames(ofRun: path) } ?? []) ?? classifier?.classNames ?? []
    text = "teacher: \(encoder.configuration.model.name) of \(path), \(encoder.stepText)"
  }

  /// Checks, on rank 0, that the classes of the training set have the names that the teacher knows.
  package func check(_ names: [String]) throws(RunError) {
    guard let place = zip(classNames, names).enumerated().first(where: { _, pair in pair.0 != pair.1 })?.offset
    else { return }
    throw RunError(
      .configuration,
      "--teacher \(path): its class \(place) is \(classNames[place]), that of the training set is \(names[place])",
      remedy: "give a run that was trained on these classes")
  }

  private static func classNames(ofRun path: String) -> [String]? {
    guard case .list(let names)? = JSONValue.fields(ofFile: RunDirectory(path: path).summaryPath)?["class_names"] else {
      return nil
    }
    return names.compactMap { name in if case .text(let text) = name { text } else { nil } }
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
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  func compiled(_ engine: Engine, viewSize: ImageSize, rows: Int) throws -> TeacherModel {
    let model = try InferenceEncoder(engine, encoder.configuration, encoder.state, viewSize: viewSize, rows: rows)
    return TeacherModel(model, classifier)
  }
}

/// The teacher of one thread: the views of a shard to logits.
final class TeacherModel {
  private let encoder: InferenceEncoder
  private let layer: LinearLayer
  private let parameters: [Float]

  fileprivate init(_ encoder: InferenceEncoder, _ classifier: RunClassifier) {
    self.encoder = encoder
    var layout = VectorLayout()
    layer = LinearLayer(
      &layout, Configuration.classifierName, inputWidth: encoder.width, outputWidth: classifier.bias.count)
    parameters = classifier.weight + classifier.bias
  }

  /// Computes the logits of a student's views.
  ///
  /// - Parameters:
  ///   - views: The student's input, `[rows, 3, height, width]`.
  ///   - layout: The memory strides of a view in it.
  ///   - logits: Receives the logits, `[rows, classes]`.
  /// - Throws: `DNNLError` if a primitive fails.
  func forward(_ views: Tensor, _ layout: ImageLayout, into logits: inout MutableSpan<Float>) throws(DNNLError) {
    copy(views, layout)
    let (representations, parameters) = (try encoder.representations(), parameters)
    try layer.forward(representations.span, parameters: parameters.span, into: &logits)
  }

  /// Copies the views into the encoder's input, which may have other strides.
  private func copy(_ views: Tensor, _ layout: ImageLayout) {
    let own = encoder.viewLayout
    unsafe views.withFloats { source in
      unsafe encoder.views.withFloats { target in
        precondition(source.count == target.count, "\(source.count) elements of views for \(target.count)")
        guard layout != own else {
          _ = unsafe target.update(fromContentsOf: source)
          return
        }
        let pixels = max(own.channelStride, layout.channelStride)
        for view in stride(from: 0, to: source.count, by: 3 * pixels) {
          for channel in 0..<3 {
            for pixel in 0..<pixels {
              unsafe target[view + channel * own.channelStride + pixel * own.pixelStride] =
                source[view + channel * layout.channelStride + pixel * layout.pixelStride]
            }
          }
        }
      }
    }
  }
}
