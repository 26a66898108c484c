import Configuration
import Reporting
import Sweeps
import TestSupport
import Testing

/// The names that reports show for results.
struct ResultNameTests {
  private static let outlierMeasures = ["ood_knn", "ood_mahalanobis", "ood_mahalanobis_classes"].flatMap { measure in
    ["\(measure)_auroc", "\(measure)_fpr95"]
  }

  @Test func `every measure by which runs are compared has a name of its own`() {
    let fields = SweepFile.metrics + Self.outlierMeasures
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
