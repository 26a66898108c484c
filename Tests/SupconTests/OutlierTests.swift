import Foundation
import TestSupport
import Testing

/// `supcon evaluate --ood-dataset`: telling images of another dataset from the test images.
struct OutlierTests {
  @Test func `outliers of 16 bits are read as the run's images are`() throws {
    let workshop = try Workshop()
    let image = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("ImagingTests/Fixtures/type0-depth16.png").path
    for name in ["train/cat", "train/dog", "test/cat", "test/dog"] {
      let folder = workshop.path("gray/\(name)")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for number in 0..<4 {
        try FileManager.default.copyItem(atPath: image, toPath: "\(folder)/\(number).png")
      }
    }
    let gray = workshop.path("gray")
    try succeeding(
      workshop.run([
        "pretrain", "--dataset", "folder", "--data", gray, "--sixteen-bit", "scale", "--image-size", "16", "--model",
        "resnet8", "--batch-size", "8", "--shard-size", "4", "--steps", "0", "--output", workshop.path("run"),
      ]))
    try succeeding(
      workshop.run(["evaluate", workshop.path("run"), "--ood-dataset", "folder", "--ood-data", gray]))
    // The outliers are the test images themselves; clipped at 255, they would be white.
    #expect(try workshop.summary("run", stage: "evaluation").number("ood_knn_auroc") == 0.5)
  }
}
