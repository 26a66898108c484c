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
    let binaries = URL(fileURLWithPath: try builtExecutable("supcon")).deletingLastPathComponent().path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""

    let blocks = try testedBlocks()
    #expect(blocks.count == 12)
    for block in blocks {
      // The two machines of the example are not at hand: its ranks start here. Ten epochs only take longer than five.
      let commands = block.replacing("--hostfile hostfiles/two-nodes", with: "--oversubscribe")
        .replacing("--epochs 10 ", with: "--epochs 5 ")
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
      "runs/baseline/classifier.safetensors", "runs/finetuned/summary.json",
    ] {
      #expect(FileManager.default.fileExists(atPath: directory.file(file)), "\(file)")
    }
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
