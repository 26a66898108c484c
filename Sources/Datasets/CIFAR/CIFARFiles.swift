import Formats

/// Recognition of CIFAR-10 and CIFAR-100 files in folders where something else was expected, for helpful error
/// messages.
enum CIFARFiles {
  /// The distributed versions of CIFAR (binary or Python pickles), with file names of which one suffices to recognize
  /// each.
  private static let forms: [(names: [String], dataset: String, isBinary: Bool)] = [
    (["data_batch_1.bin", "test_batch.bin"], "cifar10", true),
    (["train.bin", "fine_label_names.txt"], "cifar100", true),
    (["data_batch_1", "batches.meta"], "cifar10", false),
  ]

  /// Returns the version of CIFAR that a list of file names belongs to; `nil` if none.
  private static func form(_ files: [[UInt8]]) -> (dataset: String, isBinary: Bool)? {
    let names = Set(files.map { name in text(name) })
    if let form = forms.first(where: { form in form.names.contains(where: names.contains) }) {
      return (form.dataset, form.isBinary)
    }
    return names.isSuperset(of: ["train", "test", "meta"]) ? ("cifar100", false) : nil
  }

  private static func download(_ dataset: String) -> String {
    "the binary version is cifar-\(dataset == "cifar10" ? "10" : "100")-binary.tar.gz, at www.cs.toronto.edu/~kriz/cifar.html"
  }

  /// Returns the error for a folder that should hold image files but holds CIFAR; `nil` if it does not.
  static func problem(ofFolder contents: FolderContents) -> FileError? {
    let places = [(contents.path, contents.files)] + subfolders(of: contents)
    for (path, files) in places {
      guard let form = form(files) else { continue }
      return FileError(
        .content,
        form.isBinary
          ? "\(path): holds \(title(form.dataset))'s binary version, not a folder for each class; its own name is --dataset \(form.dataset) --data \(path)"
          : "\(path): holds \(title(form.dataset))'s Python version, which is not read; \(download(form.dataset)), for --dataset \(form.dataset)"
      )
    }
    return nil
  }

  /// Returns the end of the error message for a folder without a CIFAR variant's files: the data found there and the
  /// options to read them; empty if nothing known was found.
  static func advice(for directory: String, _ variant: CIFARDataset.Variant) -> String {
    switch DataPath.kind(directory) {
    case .file, .special, .unreadable: return DataPath.problem(directory).map { problem in "; \(problem)" } ?? ""
    case .missing: return ""
    case .folder: break
    }
    guard let contents = try? FolderContents(directory) else { return "" }
    for (path, files) in [(directory, contents.files)] + subfolders(of: contents) {
      guard let form = form(files) else { continue }
      if !form.isBinary {
        return "; \(path) holds \(title(form.dataset))'s Python version, which is not read: \(download(form.dataset))"
      }
      if form.dataset != variant.rawValue || path != directory {
        return "; \(path) holds \(title(form.dataset)): give --dataset \(form.dataset) --data \(path)"
      }
    }
    return contents.holdsImages()
      ? "; \(directory) holds images in files: give --dataset folder --data \(directory)" : ""
  }

  /// Returns the variant and the folder of a file that is named like one of CIFAR's binary files; `nil` for other
  /// names.
  static func folder(ofFile path: String) -> (title: String, path: String)? {
    let name = path.lastComponent
    let isBatch = name.hasPrefix("data_batch_") || name == "test_batch.bin"
    guard name.hasSuffix(".bin"), isBatch || name == "train.bin" || name == "test.bin" else { return nil }
    return (isBatch ? "CIFAR-10" : "CIFAR-100", path.parentFolder)
  }

  private static func subfolders(of contents: FolderContents) -> [(String, [[UInt8]])] {
    contents.folders.prefix(20).compactMap { name in
      // Only folders named after CIFAR are listed, because listing large folders is slow.
      guard text(name).lowercased().contains("cifar"), let inner = try? contents.subfolder(name) else { return nil }
      return (inner.path, inner.files)
    }
  }

  private static func title(_ dataset: String) -> String { dataset == "cifar10" ? "CIFAR-10" : "CIFAR-100" }
}
