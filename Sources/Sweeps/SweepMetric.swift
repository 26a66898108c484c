import Configuration
import Datasets
import Runs

/// A result by which the runs of a sweep can be compared: a field of the files that training and later commands write.
package struct SweepMetric: Sendable {
  /// The command that measures a result.
  private enum Source: Equatable {
    /// Training.
    case training
    /// Training, of a classifier along with the encoder.
    case classifier
    /// `supcon linear`.
    case linear
    /// `supcon evaluate` with these options, which may be none.
    case evaluation(String)
  }

  /// The name of the field.
  package let name: String
  private let source: Source
  /// True for a result of the averaged weights.
  private let isAveraged: Bool

  private init(_ name: String, _ source: Source, isAveraged: Bool = false) {
    (self.name, self.source, self.isAveraged) = (name, source, isAveraged)
  }

  // MARK: - All results

  /// All results, those of averaged weights last.
  package static let all: [SweepMetric] = {
    let groups: [(source: Source, names: [String])] = [
      (.linear, linearNames), (.classifier, testNames + ["train_top1"]), (.training, trainingNames),
      (.evaluation(""), evaluationNames), (.evaluation("--tta mirror"), ["mirror_top1"]),
      (.evaluation("--ood-dataset DATASET"), outlierNames), (.evaluation("--corruptions DIR"), corruptionNames),
      (.evaluation("--corruptions made-here"), ["corruption_made_here_error"]),
      (.evaluation("--features pixels"), ["pixel_knn_top1"]),
    ]
    return groups.flatMap { group in group.names.map { name in SweepMetric(name, group.source) } } + averaged
  }()

  private static var averaged: [SweepMetric] {
    let groups: [(source: Source, names: [String])] = [
      (.linear, linearNames), (.classifier, testNames), (.evaluation(""), ["knn_top1"]),
    ]
    return groups.flatMap { group in
      group.names.map { name in
        SweepMetric(RunWeights.average.fieldPrefix + name, group.source, isAveraged: true)
      }
    }
  }

  private static let linearNames = ["linear_top1", "linear_top5"]
  private static let testNames = ["test_top1", "test_top5"]
  private static let trainingNames = [
    "final_loss", "final_gradient_norm", "views_per_second", "seconds", "peak_rss_bytes_max", "peak_rss_bytes_sum",
  ]
  private static let evaluationNames = [
    "top1", "top5", "knn_top1", "knn20_weighted_top1", "knn200_weighted_top1", "class_means_top1", "few_shot1_top1",
    "few_shot1_top1_deviation", "few_shot5_top1", "few_shot5_top1_deviation", "few_shot10_top1",
    "few_shot10_top1_deviation", "retrieval_precision_at_1", "retrieval_r_precision", "retrieval_map_at_r",
    "kmeans_nmi", "kmeans_ami", "alignment", "uniformity", "ece", "ece_temperature_scaled", "nll",
  ]
  private static let outlierNames = [
    "ood_knn_auroc", "ood_knn_fpr95", "ood_mahalanobis_auroc", "ood_mahalanobis_fpr95", "ood_mahalanobis_classes_auroc",
    "ood_mahalanobis_classes_fpr95",
  ]
  private static let corruptionNames = ["corruption_error", "corruption_mce", "corruption_relative_mce"]

  /// Returns the result with a name; `nil` if no command stores one.
  package static func named(_ name: String) -> SweepMetric? { all.first { metric in metric.name == name } }

  // MARK: - Runs

  /// Returns the reason why a run with these options never has the result, with what to do; `nil` if it can have it.
  package func problem(_ configuration: Configuration) -> (reason: String, remedy: String)? {
    if source == .classifier, !configuration.isClassifying {
      return ("it trains no classifier along with the encoder", "give it cross-entropy-weight")
    }
    if isAveraged, configuration.optimizer.averageDecay == nil {
      return ("it averages no weights", "give it weight-average")
    }
    return nil
  }

  /// Returns the command that measures the result of a run after its training, for a comparison on a split; `nil` if
  /// training itself measures it.
  package func command(run: String, split: Split) -> String? {
    var words: [String]
    switch source {
    case .training, .classifier: return nil
    case .linear: words = ["supcon linear", run]
    case .evaluation(let options): words = ["supcon evaluate", run] + (options.isEmpty ? [] : [options])
    }
    if isAveraged { words.append("--weights-of average") }
    if split == .validation { words.append("--split validation") }
    return words.joined(separator: " ")
  }
}
