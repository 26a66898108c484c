import Foundation
import ImageCodecs
import Testing

/// `--progressive-size`: the size of the views that a step is given.
struct ProgressiveSizeTests {
  /// Epochs of two steps with views of 8, of 12 and of 16 pixels.
  private static let configuration = [
    "--model", "resnet8", "--image-size", "16", "--batch-size", "96", "--shard-size", "8", "--epochs", "3",
    "--evaluate-epochs", "0", "--progressive-size", "8,12", "--progressive-epochs", "1,2",
  ]

  @Test func `views are small until their epochs end, and then of the full size`() throws {
    let workshop = try Workshop()
    // The last step of the first stage, and both steps of the second, the first of them in a run that has changed the
    // size; then the first step of the full size in a run that has changed it too.
    let starts: [(run: String, from: Int, to: Int, dump: Int, sides: [Int])] = [
      ("short", 0, 2, 2, [8]), ("long", 0, 3, 3, [8, 12]), ("long", 3, 4, 4, [12]), ("short", 2, 5, 5, [12, 16]),
    ]
    for (run, from, to, dump, sides) in starts {
      let folder = workshop.path("dump-\(dump)")
      let options = ["--steps", "\(to)", "--dump-step", "\(dump)", folder]
      let result =
        try from == 0
        ? workshop.pretrain(run, configuration: Self.configuration, options) : workshop.resume(run, options)
      let text = try succeeding(result).standardOutput
      for side in [8, 12, 16] {
        #expect(
          text.contains("views of \(side)×\(side) pixels") == sides.contains(side), "steps \(from) to \(to): \(text)")
      }
      let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/views/shard-0000.png")))
      let sheet = try RGBImage(decoding: bytes)
      let side = try #require(sides.last)
      // A column for each of 8 samples, a row for each of two views.
      #expect(sheet.width == 8 * side && sheet.height == 2 * side, "step \(dump)")
    }
  }
}
