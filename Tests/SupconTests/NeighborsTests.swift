import TestSupport
import Testing

/// `supcon neighbors`: all ranks search, and rank 0 writes what one alone would.
struct NeighborsTests {
  @Test func `neighbors are the same on any number of ranks and threads, to the last digit`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0", "--model", "resnet8", "--image-size", "16"]))
    // Three blocks of images, the last of which is partial.
    let count = 150
    try succeeding(
      workshop.run([
        "dataset", "synthesize", "--train", "\(count)", "--test", "10", "--output", workshop.path("drawn"),
      ]))
    var outputs: [String] = []
    for (ranks, threads) in [(1, 1), (1, 2), (2, 1), (3, 2)] {
      let result = try succeeding(
        workshop.run(
          ranks: ranks,
          [
            "neighbors", workshop.path("run"), workshop.path("drawn/train"), "--neighbors", "3", "--format", "csv",
            "--threads", "\(threads)",
          ]))
      outputs.append(result.standardOutput)
    }
    #expect(outputs[0].split(separator: "\n").count == 1 + 3 * count)
    #expect(outputs.allSatisfy { output in output == outputs[0] })
  }

  @Test func `a sheet that shows some of the images says so`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", ["--steps", "0", "--model", "resnet8", "--image-size", "16"]))
    try succeeding(
      workshop.run([
        "dataset", "synthesize", "--train", "210", "--test", "10", "--output", workshop.path("drawn"),
      ]))
    for (split, extent) in [("train", "the first 200 of 210 images"), ("test", "10 images")] {
      let sheet = workshop.path("\(split).html")
      let result = try succeeding(
        workshop.run([
          "neighbors", workshop.path("run"), workshop.path("drawn/\(split)"), "--neighbors", "1", "--sheet", sheet,
        ]))
      #expect(result.standardError.contains("\(split).html: \(extent) with their neighbors"))
      #expect(try workshop.text("\(split).html").contains("the most similar first, of \(extent).</p>"))
    }
  }
}
