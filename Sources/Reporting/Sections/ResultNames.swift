import Configuration
import Runs

/// The names that a report shows for the fields of `summary.json` and `metrics.jsonl`.
package enum ResultNames {
  /// The names by field.
  package static let names = [
    "linear_top1": "linear probe, top-1", "linear_top5": "linear probe, top-5",
    "test_top1": "classifier on test images, top-1", "test_top5": "classifier on test images, top-5",
    "validation_test_top1": "classifier on validation images, top-1",
    "validation_test_top5": "classifier on validation images, top-5",
    "train_top1": "classifier on training views, top-1", "classifier_top1": "classifier on held-out images, top-1",
    "top1": "classifier, top-1", "top5": "classifier, top-5", "knn_top1": "k-NN, top-1",
    "pixel_knn_top1": "k-NN on pixels, top-1", "knn20_weighted_top1": "weighted k-NN, k 20",
    "knn200_weighted_top1": "weighted k-NN, k 200", "class_means_top1": "class means, top-1",
    "few_shot1_top1": "1 image a class, top-1", "few_shot5_top1": "5 images a class, top-1",
    "few_shot10_top1": "10 images a class, top-1",
    "few_shot1_top1_deviation": "1 image a class, top-1, standard deviation",
    "few_shot5_top1_deviation": "5 images a class, top-1, standard deviation",
    "few_shot10_top1_deviation": "10 images a class, top-1, standard deviation",
    "retrieval_precision_at_1": "retrieval, precision@1", "retrieval_r_precision": "retrieval, R-precision",
    "retrieval_map_at_r": "retrieval, mAP@R", "kmeans_nmi": "k-means, NMI", "kmeans_ami": "k-means, AMI",
    "alignment": "alignment", "uniformity": "uniformity", "ece": "calibration error (ECE)",
    "ece_temperature_scaled": "calibration error (ECE) after temperature scaling", "nll": "negative log-likelihood",
    "ood_knn_auroc": "outliers, k-NN distance, AUROC", "ood_knn_fpr95": "outliers, k-NN distance, FPR95",
    "ood_mahalanobis_auroc": "outliers, Mahalanobis, one mean, AUROC",
    "ood_mahalanobis_fpr95": "outliers, Mahalanobis, one mean, FPR95",
    "ood_mahalanobis_classes_auroc": "outliers, Mahalanobis, class means, AUROC",
    "ood_mahalanobis_classes_fpr95": "outliers, Mahalanobis, class means, FPR95",
    "linear_probe_top1": "linear probe on held-out images",
    "corruption_error": "mean error under corruptions", "corruption_mce": "mCE",
    "corruption_relative_mce": "relative mCE",
    "corruption_made_here_error": "mean error under corruptions made here, not the published files",
    "mirror_top1": "with mirror images, top-1", "gradient_norm": "gradient norm", "loss": "loss",
    "final_loss": "last loss", "final_gradient_norm": "last gradient norm", "views_per_second": "views per second",
    "seconds": "seconds", "peak_rss_bytes_max": "peak memory of one rank in bytes",
    "peak_rss_bytes_sum": "peak memory of all ranks in bytes",
  ]

  /// The prefix of fields with results of the averaged weights.
  static let averagePrefix = RunWeights.average.fieldPrefix

  /// Returns the name to show for a field; by default, the field's own name with spaces.
  package static func name(_ field: String) -> String {
    if let name = names[field] { return name }
    for (prefix, addition) in additions where field.hasPrefix(prefix) {
      return name(String(field.dropFirst(prefix.count))) + addition
    }
    guard let vote = majorityVote(field) else { return field.replacing("_", with: " ") }
    return name(vote.field).replacing(", top-1", with: ", k \(vote.k), top-1")
  }

  /// The additions to the names of fields with a prefix.
  private static let additions = [
    (averagePrefix, ", averaged weights"), (RecordedSplits.validationPrefix, ", on validation images"),
  ]

  /// Returns a field without a prefix, and without the k of a majority vote.
  static func plain(_ field: String) -> String {
    for (prefix, _) in additions where field.hasPrefix(prefix) { return plain(String(field.dropFirst(prefix.count))) }
    return majorityVote(field)?.field ?? field
  }

  /// Returns the field and the k of a majority vote that names its k: `knn_top1` and 20 for `knn20_top1`.
  private static func majorityVote(_ field: String) -> (field: String, k: Substring)? {
    field.wholeMatch(of: #/(.*knn)([0-9]+)(_top1)/#).map { match in
      ("\(match.output.1)\(match.output.3)", match.output.2)
    }
  }

  /// The fields that are shown first, in this order.
  private static let order = [
    "linear_top1", "test_top1", "top1", "knn20_weighted_top1", "knn_top1", "class_means_top1", "linear_top5",
    "test_top5", "few_shot10_top1", "few_shot5_top1", "few_shot1_top1", "ece", "nll",
  ]

  /// Returns fields in the order in which they are shown.
  package static func sorted(_ fields: some Sequence<String>) -> [String] {
    func place(_ field: String) -> Int {
      // Averaged weights stand after all others, results on validation images after those on test images.
      guard !field.hasPrefix(averagePrefix), let index = order.firstIndex(of: plain(field)) else {
        return 2 * order.count
      }
      return 2 * index + (field.hasPrefix(RecordedSplits.validationPrefix) ? 1 : 0)
    }
    return fields.sorted { one, other in (place(one), one) < (place(other), other) }
  }

  /// The words in the names of fields whose smaller values are better.
  private static let smallerBetter: Set = [
    "loss", "error", "mce", "ece", "nll", "fpr95", "seconds", "bytes", "deviation", "norm", "alignment", "uniformity",
  ]

  /// Returns true if the smaller of two values of a field is the better one: of losses, errors, times and sizes.
  package static func isSmallerBetter(_ field: String) -> Bool {
    let words = plain(field).split(separator: "_").map(String.init)
    return !smallerBetter.isDisjoint(with: words)
  }

  /// Formats a value of a field: accuracies as percentages.
  static func text(_ field: String, _ value: Double) -> String {
    RunRecord.isAccuracy(field) ? percent(value) : short(value)
  }
}
