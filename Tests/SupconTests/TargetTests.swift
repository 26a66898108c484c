import Foundation
import Testing

/// The targets of Package.swift against their sources.
struct TargetTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The declared dependencies of the targets in Sources, by target.
  private func declared() throws -> [String: Set<String>] {
    let package = try String(contentsOf: Self.root.appendingPathComponent("Package.swift"), encoding: .utf8)
    let pattern = /\.(?:executableT|t)arget\(\s*name: "(\w+)"(?:,\s*dependencies: \[([^\]]*)\])?/
    let targets = package.matches(of: pattern).map { match in
      let names = (match.2 ?? "").matches(of: /"([\w-]+)"/).map { name in String(name.1) }
      return (String(match.1), Set(names).subtracting(["swift-argument-parser"]))
    }
    return Dictionary(uniqueKeysWithValues: targets)
  }

  /// The text of every Swift file of a target.
  private func sources(of target: String) throws -> [String] {
    let folder = Self.root.appendingPathComponent("Sources/\(target)")
    let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { name in name as? String } ?? []
    return try names.filter { name in name.hasSuffix(".swift") }.map { name in
      try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }
  }

  // The build accepts an import of what another dependency brings along.
  @Test func `a target declares exactly what its files import`() throws {
    let declared = try declared()
    let names = Set(declared.keys).union(declared.values.joined())
    #expect(names.count > 30)
    for (target, dependencies) in declared.sorted(by: { left, right in left.key < right.key }) {
      let sources = try sources(of: target)
      guard !sources.isEmpty else { continue }
      let imported = Set(
        sources.flatMap { source in
          source.matches(of: /(?:^|\n) *import (\w+)/).map { match in String(match.1) }
        }
      ).intersection(names)
      #expect(imported == dependencies, "\(target)")
    }
  }

  @Test func `no target has more than 3,500 lines`() throws {
    for target in try declared().keys.sorted() {
      let lines = try sources(of: target).map { source in
        source.split(separator: "\n", omittingEmptySubsequences: false).count - 1
      }
      #expect(lines.reduce(0, +) <= 3500, "\(target)")
    }
  }
}
