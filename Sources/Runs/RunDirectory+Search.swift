import Configuration
import Glibc

extension RunDirectory {
  /// Checks that the path is a run directory.
  ///
  /// - Throws: ``RunError`` with exit code 66 that suggests the run that was probably meant: the one that contains the given file, or those in the
  ///   given folder.
  package func checkHoldsRun() throws(RunError) {
    guard !holdsRun else { return }
    var status = stat()
    if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
      let step = path.split(separator: "-").last?.split(separator: ".").first.flatMap { digits in Int(digits) }
      throw RunError(
        .missing, "\(path): is a file, not a run directory",
        remedy: runAbove.map { run in
          "give \(run)" + (path.contains("/step-") ? step.map { step in " with --checkpoint \(step)" } ?? "" : "")
        } ?? Self.usualRemedy)
    }
    guard unsafe access(path, F_OK) == 0 else {
      throw RunError(.missing, "\(path): does not exist", remedy: Self.usualRemedy)
    }
    let runs = FolderNames.all(in: path).filter { name in
      !name.hasPrefix(".") && RunDirectory(path: "\(path)/\(name)").holdsRun
    }.sorted()
    throw RunError(
      .missing, "\(path): holds no run (there is no config.yaml)",
      remedy: runs.isEmpty
        ? runAbove.map { run in "give \(run)" } ?? Self.usualRemedy
        : "give one of the runs in it: \(runs.prefix(5).map { name in "\(path)/\(name)" }.joined(separator: ", "))\(runs.count > 5 ? ", …" : "")"
    )
  }

  private static let usualRemedy = "give the --output of supcon pretrain or supervised"

  /// The nearest parent folder that is a run directory; `nil` if there is none, or if the path does not exist.
  private var runAbove: String? {
    guard unsafe access(path, F_OK) == 0 else { return nil }
    var parent = path
    for _ in 0..<3 {
      guard let slash = parent.lastIndex(of: "/"), slash != parent.startIndex else { return nil }
      parent = String(parent[..<slash])
      if RunDirectory(path: parent).holdsRun {
        return parent
      }
    }
    return nil
  }
}
