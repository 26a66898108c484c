import Configuration
import Datasets
import Job
import MPI
import Measures
import Runs

/// The top-1 errors of a classifier on corrupted test images.
struct CorruptionStudy {
  /// The number of classes for which AlexNet's errors, the divisors of mCE, were measured.
  private static let imageNetClassCount = 1000

  let source: CorruptionSource
  /// The top-1 errors, in [0, 1], by corruption, in order of severity.
  private let errors: [String: [Double]]

  /// Tests the classifier on all severities of all corruptions.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - source: The source of the images.
  ///   - test: The clean test images.
  ///   - world: The ranks.
  ///   - accuracy: Computes the top-1 accuracy on a dataset; collective.
  /// - Throws: ``CollectiveError`` naming an image that cannot be read; after any other error the job has to end at
  ///   once.
  init(
    _ source: CorruptionSource, like test: any ImageDataset, over world: borrowing Communicator,
    accuracy: (any ImageDataset) throws -> Double
  ) throws {
    self.source = source
    var errors: [String: [Double]] = [:]
    for name in source.names {
      for severity in 0..<CorruptionErrors.severityCount {
        let images = try source.images(name, severity: severity, like: test, over: world)
        errors[name, default: []].append(1 - (try accuracy(images)))
      }
    }
    self.errors = errors
  }

  /// Adds the errors to a report.
  ///
  /// - Parameters:
  ///   - result: The report.
  ///   - clean: The top-1 error on the clean test images, in [0, 1].
  ///   - classCount: The number of classes.
  ///   - report: Receives notes, on rank 0.
  func add(to result: inout EvaluationReport, clean: Double, classCount: Int, report: Reporter) {
    var field = "corruption"
    switch source {
    case .arrays:
      result.add("corruption_error", "mean error under corruptions", CorruptionErrors.meanError(errors))
    case .tree:
      result.add("corruption_error", "mean error under corruptions", CorruptionErrors.meanError(errors))
      result.add("corruption_mce", "mCE, AlexNet's errors as 100", CorruptionErrors.mCE(errors))
      result.add(
        "corruption_relative_mce", "relative mCE", CorruptionErrors.relativeMCE(errors, clean: clean))
      if classCount != Self.imageNetClassCount {
        report.note(
          "mCE divides by AlexNet's errors on the \(Self.imageNetClassCount) classes of ImageNet-C; with \(classCount) classes it compares runs with each other only"
        )
      }
    case .madeHere:
      field = "corruption_made_here"
      result.add(
        "\(field)_error", "mean error under \(errors.count) corruptions made here", CorruptionErrors.meanError(errors))
      report.note("corruptions \(source.title)")
    }
    result.details["\(field)_source"] = .text(source.title)
    result.details["\(field)_errors"] = .object(
      errors.mapValues { severities in .list(severities.map { error in .number(error) }) })
  }
}
