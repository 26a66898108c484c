import Configuration
import DistributedStep
import Formats
import FoundationEssentials

/// The result of `supcon bench`, with the structure of its JSON file.
struct BenchmarkResult: Codable {
  /// The seconds of one part of the step, over the ranks; each rank's value is its mean over the same steps as
  /// ``BenchmarkResult/stepSeconds``.
  struct PartSeconds: Codable {
    /// The mean over the ranks, in seconds.
    var mean: Double
    /// The maximum over the ranks, in seconds.
    var slowestRank: Double

    package enum CodingKeys: String, CodingKey {
      case mean
      case slowestRank = "slowest_rank"
    }
  }

  /// The communication volume of one kind of collective per step.
  struct CollectiveShare: Codable {
    var calls: Double
    /// The bytes received from other ranks per step.
    var receivedBytes: Double
    /// The seconds in the calls per step, including the wait for the slowest rank.
    var seconds: Double

    package enum CodingKeys: String, CodingKey {
      case calls
      case receivedBytes = "received_bytes"
      case seconds
    }
  }

  /// The kind of the result: `bench`.
  var command: String
  var version: String
  /// The model of rank 0's CPU.
  var cpu: String
  var ranks: Int
  var threadsPerRank: Int
  /// The options on which the duration of a step depends.
  var settings: [String: OptionValue]
  /// The number of measured steps.
  var steps: Int
  /// The number of views in a global batch.
  var viewsPerStep: Int
  /// The slowest rank's seconds of a step: the mean over the middle half of the steps.
  var stepSeconds: Double
  /// The number of views per second: ``viewsPerStep`` ÷ ``stepSeconds``.
  var viewsPerSecond: Double
  /// The seconds of each part, by the names of ``StepPart``, and of the remainder as `rest`.
  var secondsByPart: [String: PartSeconds]
  /// The number of multiply-adds of convolutions and linear layers for one view, counted as for direct convolution.
  var multiplyAddsForwardPerView: Int
  var multiplyAddsBackwardPerView: Int
  /// The rate of arithmetic in forward and backward passes, in 10⁹ additions and multiplications per second.
  var gigaflops: Double
  /// ``gigaflops`` ÷ ``matrixProductGigaflops``; may exceed 1 with bfloat16 or Winograd convolutions.
  var shareOfMatrixProduct: Double
  var matrixProductGigaflops: Double
  var memoryGigabytesPerSecond: Double
  /// The largest peak resident memory of any rank in bytes, read before the machine's peak rates were measured.
  var peakResidentBytesMaximum: Int
  var peakResidentBytesSum: Int
  /// The seconds from the start of the slowest rank's process to its first step; `nil` if the system does not report
  /// it.
  var startupSeconds: Double?
  /// The mean over ranks of the bytes of embeddings, labels and log-sum-exps received from others per step.
  var gatheredBytesPerRank: Int
  /// The maximum over ranks of the bytes of embeddings, labels and log-sum-exps received from others per step.
  var gatheredBytesMaximum: Int
  /// The communication volume per step by MPI function name: the mean over steps and ranks.
  var collectives: [String: CollectiveShare]
  /// The size in bytes of the vector of gradients, batch statistics and loss that is summed over the ranks in each
  /// step.
  var reducedVectorBytes: Int

  package enum CodingKeys: String, CodingKey {
    case command
    case version
    case cpu
    case ranks
    case threadsPerRank = "threads_per_rank"
    case settings
    case steps
    case viewsPerStep = "views_per_step"
    case stepSeconds = "step_seconds"
    case viewsPerSecond = "views_per_second"
    case secondsByPart = "seconds_by_part"
    case multiplyAddsForwardPerView = "multiply_adds_forward_per_view"
    case multiplyAddsBackwardPerView = "multiply_adds_backward_per_view"
    case gigaflops
    case shareOfMatrixProduct = "share_of_matrix_product"
    case matrixProductGigaflops = "matrix_product_gigaflops"
    case memoryGigabytesPerSecond = "memory_gigabytes_per_second"
    case peakResidentBytesMaximum = "peak_rss_bytes_max"
    case peakResidentBytesSum = "peak_rss_bytes_sum"
    case startupSeconds = "startup_seconds"
    case gatheredBytesPerRank = "gathered_bytes_per_rank"
    case gatheredBytesMaximum = "gathered_bytes_max"
    case collectives
    case reducedVectorBytes = "reduced_vector_bytes"
  }
}

extension BenchmarkResult {
  /// The names of the parts in the order of computation, followed by `rest`.
  static let partNames = StepPart.allCases.map(\.name) + ["rest"]

  /// Reads a file that ``write(to:)`` wrote.
  ///
  /// - Throws: `FileError` if the file cannot be read, ``RunError`` if it has other contents.
  init(path: String) throws {
    let bytes = try ReadOnlyFile(path: path).contents()
    guard let result = try? JSONDecoder().decode(Self.self, from: Data(bytes)), result.command == "bench",
      // Results of 0.1 lack the statistics that shards share.
      Self.partNames.allSatisfy({ name in result.secondsByPart[name] != nil || name == StepPart.statistics.name })
    else {
      throw RunError(
        .data, "\(path): is no result of supcon bench", remedy: "give a file that its --json wrote, without --layers")
    }
    self = result
  }

  /// Writes the result as JSON.
  func write(to path: String) throws {
    try AtomicFile.write(jsonText(self) + "\n", to: path)
  }
}
