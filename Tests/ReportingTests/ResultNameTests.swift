import Configuration
import Reporting
import Runs
import Sweeps
import TestSupport
import Testing

/// The names that reports show for results.
struct ResultNameTests {
  @Test func `every measure by which runs are compared has a name of its own`() {
    let fields = SweepMetric.all.map(\.name)
    for field in fields where !field.hasPrefix("average_") {
      #expect(ResultNames.names[field] != nil, "\(field)")
    }
    #expect(Set(fields.map(ResultNames.name)).count == fields.count)
    #expect(ResultNames.name("retrieval_map_at_r") == "retrieval, mAP@R")
    #expect(ResultNames.name("average_kmeans_nmi") == "k-means, NMI, averaged weights")
  }

  @Test func `every accuracy of a log has a name`() {
    var record = EvaluationRecord(step: 1, epoch: 1, queries: "validation", querySamples: 1, referenceSamples: 1)
    record.measures.knn20Top1 = 1
    record.measures.knn200Top1 = 1
    record.measures.classMeansTop1 = 1
    record.measures.linearProbeTop1 = 1
    record.measures.classifierTop1 = 1
    record.averageMeasures = record.measures
    let test = TestRecord(step: 1, epoch: 1, testTop1: 1, testTop5: 1, averageTestTop1: 1, averageTestTop5: 1)
    let fields = (record.curves + test.curves).map(\.name).filter { name in name.contains("top") } + ["train_top1"]
    #expect(fields.count == 15)
    for field in fields {
      let plain = field.hasPrefix("average_") ? String(field.dropFirst("average_".count)) : field
      #expect(ResultNames.names[plain] != nil, "\(field)")
    }
  }

  @Test func `a name tells the k of a vote, the weights and the images`() {
    #expect(ResultNames.name("knn_top1") == "k-NN, top-1")
    #expect(ResultNames.name("knn3_top1") == "k-NN, k 3, top-1")
    #expect(ResultNames.name("average_pixel_knn20_top1") == "k-NN on pixels, k 20, top-1, averaged weights")
    #expect(ResultNames.name("validation_linear_top1") == "linear probe, top-1, on validation images")
    #expect(ResultNames.name("knn20_weighted_top1") == "weighted k-NN, k 20")
  }

  @Test func `losses, errors, times and sizes are better if they are smaller`() {
    let smaller = [
      "final_loss", "ece", "average_ece", "nll", "ood_knn_fpr95", "corruption_error", "corruption_mce", "seconds",
      "peak_rss_bytes_max", "alignment", "uniformity", "few_shot5_top1_deviation",
    ]
    for field in smaller { #expect(ResultNames.isSmallerBetter(field), "\(field)") }
    let larger = ["linear_top1", "knn20_top1", "ood_knn_auroc", "kmeans_nmi", "retrieval_map_at_r", "views_per_second"]
    for field in larger {
      #expect(!ResultNames.isSmallerBetter(field), "\(field)")
    }
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
