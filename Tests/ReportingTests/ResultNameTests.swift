import Configuration
import Reporting
import TestSupport
import Testing

/// The names that reports show for results.
struct ResultNameTests {
  /// Those of `SweepFile.metrics`.
  private static let metrics =
    [
      "linear_top1", "linear_top5", "test_top1", "test_top5", "train_top1", "top1", "top5", "final_loss",
      "final_gradient_norm", "knn_top1", "pixel_knn_top1", "knn20_weighted_top1", "knn200_weighted_top1",
      "class_means_top1",
    ] + [1, 5, 10].flatMap { shots in ["few_shot\(shots)_top1", "few_shot\(shots)_top1_deviation"] } + [
      "retrieval_precision_at_1", "retrieval_r_precision", "retrieval_map_at_r", "kmeans_nmi", "kmeans_ami",
      "alignment", "uniformity", "ece", "ece_temperature_scaled", "nll", "mirror_top1", "corruption_error",
      "views_per_second", "seconds", "peak_rss_bytes_max", "peak_rss_bytes_sum",
    ]
  private static let outlierMeasures = ["ood_knn", "ood_mahalanobis", "ood_mahalanobis_classes"].flatMap { measure in
    ["\(measure)_auroc", "\(measure)_fpr95"]
  }

  @Test func `every measure by which runs are compared has a name of its own`() {
    let fields = Self.metrics + Self.outlierMeasures
    for field in fields {
      #expect(ResultNames.names[field] != nil, "\(field)")
    }
    #expect(Set(fields.map(ResultNames.name)).count == fields.count)
    #expect(ResultNames.name("retrieval_map_at_r") == "retrieval, mAP@R")
    #expect(ResultNames.name("average_kmeans_nmi") == "k-means, NMI, averaged weights")
  }

  @Test func `a number of right predictions is no accuracy`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("run")
    try makeFolder(path)
    try writeBytes(Array(Configuration().yaml().utf8), to: "\(path)/config.yaml")
    try writeBytes(Array(#"{"test_top1":0.9,"top1_correct":45}"#.utf8), to: "\(path)/summary.json")
    #expect(try RunRecord(path: path).results == ["test_top1": 0.9])
  }
}
