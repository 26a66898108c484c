import Foundation
import TestSupport
import Testing

/// Every block of README and docs/usage.md that follows `<!-- tested -->` runs, in order, in one folder.
struct ReadmeTests {
  @Test func commandsRun() throws {
    let directory = try TemporaryDirectory()
    // As many samples as one default batch needs.
    try SyntheticCIFAR.write(to: directory.file("cifar-10-batches-bin"), recordsPerTrainingFile: 52)
    let rows = (0..<24).map { index in (index / 4) % 4 == index % 4 ? Float(1) : 0 }
    try PlainNumPy.write(rows, type: "<f4", shape: [6, 4], to: directory.file("z.npy"))
    try PlainNumPy.write([Int64](arrayLiteral: 0, 1, 0, 1, 2, 2), type: "<i8", shape: [6], to: directory.file("y.npy"))
    try makePhotos(in: directory.path)
    let binaries = URL(fileURLWithPath: try builtExecutable("supcon")).deletingLastPathComponent().path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""

    let blocks = try testedBlocks()
    #expect(blocks.count == 16)
    for block in blocks {
      // The two machines of the example are not at hand: its ranks start here. Ten epochs only take longer than five,
      // 50 than two.
      let commands = block.replacing("--hostfile hostfiles/two-nodes -np 16", with: "--oversubscribe -np 4")
        .replacing("--epochs 10 ", with: "--epochs 5 ").replacing("--epochs 50 ", with: "--epochs 2 ")
      let result = try runProcess(
        "/bin/sh", ["-e", "-c", "cd \"$0\"\n\(commands)", directory.path],
        environment: [
          "PATH": "\(binaries):\(path)", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
          "OMPI_MCA_hwloc_base_binding_policy": "none", "OMPI_MCA_rmaps_base_oversubscribe": "1",
          "PRTE_MCA_hwloc_default_binding_policy": "none", "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
        ])
      #expect(result.exitCode == 0, "\(commands)\(result.standardError)")
    }
    for file in [
      "runs/c10/linear/summary.json", "runs/c10-nodes/summary.json", "runs/debug/summary.json", "g.npy", "before.json",
      "runs/baseline/classifier.safetensors", "runs/finetuned/summary.json", "runs/photos/report.html", "both.html",
      "similar.html", "runs/sweep/sweep.html", "photos.npy", "projector/projector_config.pbtxt",
    ] {
      #expect(FileManager.default.fileExists(atPath: directory.file(file)), "\(file)")
    }
  }

  /// Makes `photos/CLASS/…` and `new.jpg`: images of the built-in set, whose format is known by their first bytes.
  private func makePhotos(in folder: String) throws {
    let supcon = try builtExecutable("supcon")
    try succeeding(
      runProcess(supcon, ["dataset", "synthesize", "--output", "\(folder)/made", "--train", "120", "--test", "10"]))
    let manager = FileManager.default
    try manager.moveItem(atPath: "\(folder)/made/train", toPath: "\(folder)/photos")
    let ring = try manager.contentsOfDirectory(atPath: "\(folder)/made/test/ring").sorted()
    try manager.copyItem(
      atPath: "\(folder)/made/test/ring/\(try #require(ring.first))", toPath: "\(folder)/new.jpg")
  }

  /// The tested blocks of README, then those of the usage page, in the order in which a reader meets them.
  private func testedBlocks() throws -> [String] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try ["README.md", "docs/usage.md"].flatMap { name in
      let page = try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
      return page.components(separatedBy: "<!-- tested -->\n```sh\n").dropFirst().compactMap { rest in
        rest.components(separatedBy: "```").first
      }
    }
  }
}
