import Configuration
import Datasets
import Formats
import FoundationEssentials
import Job
import Measures
import Runs
import WeightExchange

/// The result of the linear probe, to be written to the run directory.
struct LinearResult {
  let request: LinearStage.Request
  /// The split of the images that were classified.
  let split: Split
  /// The output folder in the run directory: ``ClassifierFile/folder``, or another one for other data or an earlier
  /// checkpoint.
  let resultFolder: String
  let classNames: [String]
  let trainingCount: Int
  let accuracy: TestAccuracy
  let ranks: Int
  let seconds: Double
  let memory: (maximum: Int, sum: Int)
  /// The training records to append to `metrics.jsonl`, one per epoch.
  let epochs: [[String: JSONValue]]

  /// Writes the result's folder in the run directory with the fields of ``ResultOrigin``, replacing an earlier one.
  ///
  /// The accuracies for the run's own data and latest weights are also written to the run's `summary.json`.
  func write(
    _ classifier: LinearClassifier, _ standardization: FeatureStandardization, of encoder: FrozenEncoder,
    _ origin: ResultOrigin, into run: RunDirectory
  ) throws {
    let folder = "\(run.path)/\(resultFolder)"
    try SafetensorsWriter.write(
      to: "\(folder)/classifier.safetensors",
      metadata: [
        "format": "pt", ClassifierFile.stepMetadata: "\(encoder.state.step)",
        ImagePreprocessing.classNamesMetadata: ImagePreprocessing.text(classNames),
      ].merging(
        ImagePreprocessing.metadata(encoder.configuration, run: run.path, classNames: classNames)
      ) { own, _ in own },
      tensors: classifier.layout.tensors(of: classifier.parameters).map { tensor in tensor.copy() }
        + standardization.tensors)
    let lines = epochs.map { epoch in JSONValue.object(epoch).encoded() + "\n" }
    try AtomicFile.write(lines.joined(), to: "\(folder)/metrics.jsonl")
    let digest = SHA256()
    classifier.parameters.withSpan { weights in unsafe digest.update(weights.bytes) }
    var fields: [String: JSONValue] = [
      "command": .text("linear"), "run": .text(request.run), "split": .text(split.rawValue),
      "classes": .integer(classNames.count), "train_samples": .integer(trainingCount),
      "test_samples": .integer(accuracy.sampleCount), "top1_correct": .integer(accuracy.top1Count),
      "epochs": .integer(request.epochs),
      "batch_size": .integer(request.batchSize), "shard_size": .integer(request.shardSize),
      "learning_rate": .number(request.learningRate), "momentum": .number(request.momentum),
      "weight_decay": .number(request.weightDecay), "augmentation": .text(request.augmentation.description),
      "seed": .natural(request.seed), "ranks": .integer(ranks),
      "threads_per_rank": .integer(request.threads), "seconds": .number(seconds),
      "peak_rss_bytes_max": .integer(memory.maximum), "peak_rss_bytes_sum": .integer(memory.sum),
      "final_loss": epochs.last?["loss"] ?? .null,
      "classifier_sha256": .text(SHA256.hexadecimal(digest.finalize())),
    ]
    fields.merge(accuracies) { _, new in new }
    fields["top5_correct"] = accuracy.top5Count.map(JSONValue.integer)
    fields.merge(origin.fields(encoder)) { _, new in new }
    try AtomicFile.write(JSONValue.object(fields).encoded(isPretty: true) + "\n", to: "\(folder)/summary.json")
    guard resultFolder == ClassifierFile.folder + request.weights.suffix else { return }
    let prefix = request.weights.fieldPrefix
    try JSONValue.merge(
      Dictionary(uniqueKeysWithValues: accuracies.map { name, value in (prefix + name, value) }), into: run.summaryPath)
  }

  /// The accuracies by field name.
  private var accuracies: [String: JSONValue] {
    var fields: [String: JSONValue] = ["linear_top1": .number(accuracy.top1)]
    fields["linear_top5"] = accuracy.top5.map(JSONValue.number)
    return fields
  }
}
