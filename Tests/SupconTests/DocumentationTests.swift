import Foundation
import TestSupport
import Testing

/// Consistency of the documents with the options: each named option exists, and each option is documented.
struct DocumentationTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Options of other programs that the documents name: mpirun, srun, sbatch, swift, and scripts of this project.
  private static let others: Set<String> = [
    "--agent", "--array", "--allow-run-as-root", "--args", "--auto", "--bind", "--bind-to", "--case",
    "--filter", "--foreground", "--grace", "--host", "--hostfile", "--interface", "--logdir",
    "--map-by", "--mca", "--mpi", "--ntasks", "--oversubscribe", "--pairs", "--peer", "--prefix", "--product",
    "--prtemca", "--python",
    "--signal", "--table",
    "--timeout",
    // of scripts/check-simulation.sh
    "--models", "--networks", "--plans", "--speeds",
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

  /// The sources of the program, without the breaks of long string literals.
  private func sources() throws -> String {
    let files = FileManager.default.enumerator(atPath: Self.root.appendingPathComponent("Sources").path)
    let names = (files?.compactMap { name in name as? String } ?? []).filter { name in name.hasSuffix(".swift") }
    return try names.map { name in
      try String(contentsOf: Self.root.appendingPathComponent("Sources/\(name)"), encoding: .utf8)
    }.joined(separator: "\n")
  }

  /// Each heading in code of the troubleshooting page is a message: its parts between the dots are in the sources.
  @Test func everyMessageOfTheTroubleshootingPageExists() throws {
    let page = try String(contentsOf: Self.root.appendingPathComponent("docs/troubleshooting.md"), encoding: .utf8)
    let messages = page.matches(of: /(?m)^### `(.+)`$/).map { match in String(match.output.1) }
    #expect(messages.count >= 20)
    let sources = try sources()
    for message in messages {
      let parts = message.components(separatedBy: "…").map { part in part.trimmingCharacters(in: .whitespaces) }
      #expect(parts.contains { part in part.count > 8 }, "\(message)")
      for part in parts where part.count > 3 {
        #expect(sources.contains(part), "\(part)")
      }
    }
  }

  @Test func theHelpOnExitCodesIsTheTableOfTheReference() throws {
    let page = try String(contentsOf: Self.root.appendingPathComponent("docs/reference.md"), encoding: .utf8)
    let rows = page.matches(of: /(?m)^\| (\d+) \| (.+) \|$/).map { match in
      (code: String(match.output.1), meaning: match.output.2.replacing("`", with: ""))
    }
    #expect(rows.count == 9)
    let help = try Workshop().run(["help", "exit-codes"])
    #expect(help.exitCode == 0)
    let lines = help.standardOutput.split(separator: "\n").dropFirst()
    #expect(lines.count == rows.count)
    for (line, row) in zip(lines, rows) {
      #expect(line.split(separator: " ", maxSplits: 1).map(String.init).first == row.code)
      #expect(line.hasSuffix(row.meaning), "\(row.meaning)")
    }
  }

  @Test func theHelpOnTheEnvironmentNamesEveryVariableOfTheSources() throws {
    let help = try Workshop().run(["help", "environment"])
    let names = Set(try sources().matches(of: /"(SUPCON_[A-Z_]+)"/).map { match in String(match.output.1) })
    #expect(help.exitCode == 0 && names.count >= 2)
    for name in names {
      #expect(help.standardOutput.contains(name), "\(name)")
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionsHaveEveryCommandPathsAndValues(shell: String) throws {
    let script = try Workshop().run(["--generate-completion-script", shell])
    #expect(script.exitCode == 0)
    for word in [
      "pretrain", "report", "neighbors", "rmsprop", "cifar100", "supcontrast", "avx512-bf16", "resnet50", "best",
    ] {
      #expect(script.standardOutput.contains(word), "\(word)")
    }
    // The options of one command that name a file or a folder.
    let paths: [String: Int] = ["bash": 20, "zsh": 20, "fish": 20]
    let marks = ["bash": "__supcon_add_completions", "zsh": "_files", "fish": "-rF"]
    let count = script.standardOutput.ranges(of: try #require(marks[shell])).count
    #expect(count >= (paths[shell] ?? 0), "\(count)")
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
