import Runs

/// The fields of `summary.json` that training writes; the hash of the weights is added when they are saved.
struct RunSummary: Codable {
  // MARK: - Program and options

  var command: String
  var version: String
  var status: String
  var commandLine: [String]
  var host: String
  var started: String
  var ended: String
  var seconds: Double
  var ranks: Int
  var threadsPerRank: Int
  var peakMemoryMaximum: Int
  var peakMemorySum: Int

  // MARK: - Data and model

  var dataset: String
  var data: String?
  var datasetFingerprint: String?
  var trainingSamples: Int
  var classNames: [String]
  var mean: [Double]
  var standardDeviation: [Double]
  var imageSize: [Int]
  var model: String
  var initialPath: String?
  var teacherPath: String?
  var lossName: String
  var precision: String
  /// The instruction set on which the ranks agreed, as a value of `--isa`.
  var instructionSet: String
  var seed: JSONValue
  var batchSize: Int
  var shardSize: Int
  var views: Int
  var classes: Int?

  // MARK: - Progress and results

  var steps: Int
  var targetSteps: Int
  var epochs: Double
  var targetEpochs: Int
  var viewsPerSecond: Double
  var finalLoss: Double?
  var lossLowerBound: Double?
  var finalGradientNorm: Double?
  var trainTop1: Double?
  var testStep: Int?
  /// The images of the test: `validation` if there were no test images.
  var testSplit: String?
  var testSamples: Int?
  var testTop1: Double?
  var testTop5: Double?
  var top1Correct: Int?
  var top5Correct: Int?
  /// The top-1 test accuracy of the averaged weights; `nil` if the run does not average weights.
  var averageTestTop1: Double?
  var averageTestTop5: Double?
  /// The last evaluation since the program started; `nil` if there was none.
  var evaluation: EvaluationRecord?
  /// The best checkpoint by `--keep-best`; `nil` if there is none.
  var best: BestCheckpoint?

  private enum CodingKeys: String, CodingKey {
    case command, version, status, host, started, ended, seconds, ranks, dataset, data, mean, model, precision, seed
    case views, classes, steps, epochs, evaluation, best
    case commandLine = "command_line"
    case threadsPerRank = "threads_per_rank"
    case peakMemoryMaximum = "peak_rss_bytes_max"
    case peakMemorySum = "peak_rss_bytes_sum"
    case datasetFingerprint = "dataset_fingerprint"
    case trainingSamples = "train_samples"
    case classNames = "class_names"
    case standardDeviation = "std"
    case imageSize = "image_size"
    case initialPath = "init"
    case teacherPath = "teacher"
    case lossName = "loss"
    case instructionSet = "isa"
    case batchSize = "batch_size"
    case shardSize = "shard_size"
    case targetSteps = "target_steps"
    case targetEpochs = "target_epochs"
    case viewsPerSecond = "views_per_second"
    case finalLoss = "final_loss"
    case lossLowerBound = "loss_lower_bound"
    case finalGradientNorm = "final_gradient_norm"
    case trainTop1 = "train_top1"
    case testStep = "test_step"
    case testSplit = "test_split"
    case testSamples = "test_samples"
    case testTop1 = "test_top1"
    case testTop5 = "test_top5"
    case top1Correct = "top1_correct"
    case top5Correct = "top5_correct"
    case averageTestTop1 = "average_test_top1"
    case averageTestTop5 = "average_test_top5"
  }
}
