import Foundation
import TestSupport
import Testing

/// Consistency of the documents with the options: each named option exists, and each option is documented.
struct DocumentationTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Options of other programs that the documents name: mpirun, srun, sbatch, swift, and scripts of this project.
  private static let others: Set<String> = [
    "--agent", "--allow-run-as-root", "--args", "--bind", "--bind-to", "--explicit-target-dependency-import-check",
    "--filter", "--grace", "--host", "--hostfile", "--interface", "--logdir",
    "--map-by", "--mca", "--mpi", "--ntasks", "--oversubscribe", "--peer", "--prefix", "--prtemca", "--python",
    "--signal", "--table",
    "--timeout",
  ]

  /// README and all of docs but the list of options.
  private func documents() throws -> [(name: String, text: String)] {
    let docs = try FileManager.default.contentsOfDirectory(atPath: Self.root.appendingPathComponent("docs").path)
    let names =
      ["README.md"] + docs.filter { name in name.hasSuffix(".md") && name != "options.md" }.map { "docs/\($0)" }
    return try names.sorted().map { name in
      (name, try String(contentsOf: Self.root.appendingPathComponent(name), encoding: .utf8))
    }
  }

  private func listed() throws -> String {
    let script = Self.root.appendingPathComponent("scripts/list-options.sh").path
    return try succeeding(runProcess("/bin/sh", [script, builtExecutable("supcon")])).standardOutput
  }

  private func flags(in text: String) -> Set<String> {
    Set(text.matches(of: /(?:^|[^A-Za-z0-9-])(--[a-z][a-z0-9-]*)/).map { match in String(match.output.1) })
  }

  @Test func listOfOptionsIsCurrent() throws {
    let file = try String(contentsOf: Self.root.appendingPathComponent("docs/options.md"), encoding: .utf8)
    let isCurrent = try listed() == file
    #expect(isCurrent, "run scripts/list-options.sh > docs/options.md")
    for command in ["pretrain", "linear", "evaluate", "loss", "bench", "plan", "doctor", "dataset pack"] {
      #expect(file.contains("\n## supcon \(command)\n"), "\(command)")
    }
  }

  @Test func everyOptionNamedInTheDocumentsExists() throws {
    let existing = flags(in: try listed()).union(["--help", "--version"])
    for (name, text) in try documents() {
      let unknown = flags(in: text).subtracting(existing).subtracting(Self.others).sorted()
      #expect(unknown.isEmpty, "\(name): \(unknown.joined(separator: " "))")
    }
  }

  /// The reference's table of features names every training option.
  @Test func everyTrainingOptionIsInTheFeatureTable() throws {
    let page = try String(contentsOf: Self.root.appendingPathComponent("docs/reference.md"), encoding: .utf8)
    let section = try #require(page.components(separatedBy: "\n## Features\n").dropFirst().first)
    let table = try #require(section.components(separatedBy: "\n## ").first)
    let help = try Workshop().run(["pretrain", "--help"]).standardOutput
    // Each option's own line, not those that a text mentions.
    let own = help.split(separator: "\n").filter { line in line.hasPrefix("  --") }
      .compactMap { line in flags(in: String(line)).sorted().first { flag in !flag.hasPrefix("--no-") } }
    #expect(own.count > 60)
    let named = flags(in: table)
    for flag in own where flag != "--version" {
      #expect(named.contains(flag), "\(flag)")
    }
  }
}
