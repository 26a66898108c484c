import Configuration
import Formats
import FoundationEssentials
import Training

/// What `supcon bench` found, in the form of its JSON file.
struct BenchmarkResult: Codable {
  /// The seconds that a part of the step takes: each rank's median over the steps.
  struct PartSeconds: Codable {
    /// The mean over the ranks.
    var mean: Double
    /// The largest of any rank.
    var slowestRank: Double

    package enum CodingKeys: String, CodingKey {
      case mean
      case slowestRank = "slowest_rank"
    }
  }

  /// What one kind of collective does in a step.
  struct CollectiveShare: Codable {
    var calls: Double
    /// What comes in from other ranks.
    var receivedBytes: Double
    /// With the waiting for the slowest rank.
    var seconds: Double

    package enum CodingKeys: String, CodingKey {
      case calls
      case receivedBytes = "received_bytes"
      case seconds
    }
  }

  /// `bench`, by which the file is known.
  var command: String
  var version: String
  /// The model of rank 0's CPU.
  var cpu: String
  var ranks: Int
  var threadsPerRank: Int
  /// The options that decide what a step computes.
  var settings: [String: OptionValue]
  /// How many steps were measured.
  var steps: Int
  /// Views of a global step.
  var viewsPerStep: Int
  /// The median over the steps of the slowest rank's seconds.
  var stepSeconds: Double
  /// Views of a global step ÷ ``stepSeconds``.
  var viewsPerSecond: Double
  /// By the names of ``StepPart``, and `rest` for what none of them counts.
  var secondsByPart: [String: PartSeconds]
  /// Of convolutions and linear layers, for one view, as if computed directly.
  var multiplyAddsForwardPerView: Int
  var multiplyAddsBackwardPerView: Int
  /// 10⁹ additions and multiplications a second, forward and backward.
  var gigaflops: Double
  /// ``gigaflops`` ÷ ``matrixProductGigaflops``; above 1 where bfloat16 or fewer multiplications make the step faster than that.
  var shareOfMatrixProduct: Double
  var matrixProductGigaflops: Double
  var memoryGigabytesPerSecond: Double
  /// Before the machine's peaks were measured, which takes memory too.
  var peakResidentBytesMaximum: Int
  var peakResidentBytesSum: Int
  /// From the start of the slowest rank's process until its first step; absent where the system does not tell.
  var startupSeconds: Double?
  /// What a rank received of the others' embeddings, labels and log-sum-exps in a step, as counted: the mean over the ranks.
  var gatheredBytesPerRank: Int
  /// The largest such count of any rank.
  var gatheredBytesMaximum: Int
  /// What the collectives of a step did, by the library's names: the mean over steps and ranks.
  var collectives: [String: CollectiveShare]
  /// The vector of gradients, moments and loss that is added over the ranks each step.
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
  /// The parts in the order of the walk, then `rest`.
  static let partNames = StepPart.allCases.map(\.name) + ["rest"]

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Throws: `FileError` if the file cannot be read, ``RunError`` if it holds something else.
  init(path: String) throws {
    let file = try ReadOnlyFile(path: path)
    let bytes = try file.read(file.byteCount, at: 0)
    guard let result = try? JSONDecoder().decode(Self.self, from: Data(bytes)), result.command == "bench",
      Self.partNames.allSatisfy({ name in result.secondsByPart[name] != nil })
    else {
      throw RunError(.data, "\(path): is no result of supcon bench; give a file that its --json wrote")
    }
    self = result
  }

  /// Writes the result as JSON.
  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(String(decoding: encoder.encode(self), as: UTF8.self) + "\n", to: path)
  }
}
