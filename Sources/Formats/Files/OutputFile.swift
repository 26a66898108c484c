import Glibc

/// The path and format of a file that a command writes.
public struct OutputFile: Sendable {
  /// The formats that commands write.
  public enum Format: String, Sendable, CaseIterable {
    case safetensors = "a safetensors file"
    case onnx = "an ONNX file"
    case numPy = "a NumPy array"
    case csv = "a table"
    case json = "a JSON file"
    case html = "an HTML page"
    case png = "a PNG image"

    /// The usual file name endings, the first of which is advised.
    var endings: [String] {
      switch self {
      case .safetensors: [".safetensors"]
      case .onnx: [".onnx"]
      case .numPy: [".npy"]
      case .csv: [".csv", ".txt"]
      case .json: [".json"]
      case .html: [".html", ".htm"]
      case .png: [".png"]
      }
    }

    /// The endings of all formats that commands write, and of others that arrays, tables and weights often have.
    static let knownEndings = Set(allCases.flatMap(\.endings)).union([
      ".npz", ".tsv", ".parquet", ".pt", ".pth", ".pkl", ".zip", ".xlsx",
    ])
  }

  /// The path of the file.
  public let path: String
  /// The format of the file.
  public let format: Format
  /// The option that gives the path, for messages.
  public let option: String

  /// True if no file is to be replaced.
  public let mustBeNew: Bool

  /// Creates the description of a file that is to be written.
  public init(_ path: String, _ format: Format, option: String = "--output", mustBeNew: Bool = false) {
    self.path = path
    self.format = format
    self.option = option
    self.mustBeNew = mustBeNew
  }

  /// The error for a name whose ending is that of another format, by which a reader would mistake the file; `nil` for
  /// other endings.
  public var endingProblem: String? {
    let name = path.lastComponent
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let ending = name[dot...].lowercased()
    guard Format.knownEndings.contains(ending), !format.endings.contains(ending) else { return nil }
    return
      "\(option) \(path): ends in \(ending), but is written as \(format.rawValue); give a name that ends in \(format.endings[0])"
  }

  /// Checks that the file can be written and does not replace a file of another known format.
  ///
  /// - Returns: True if a file of the same format will be replaced.
  /// - Throws: ``FileError`` of kind `creation` otherwise.
  @discardableResult
  public func check() throws(FileError) -> Bool {
    try AtomicFile.check(path)
    guard unsafe access(path, F_OK) == 0 else { return false }
    guard !mustBeNew else {
      throw FileError(.creation, "\(path): is there already; remove it, or choose another \(option)")
    }
    guard isReplaceable(try ReadOnlyFile(path: path).start(FileFormat.startLength)) else {
      throw FileError(.creation, "\(path): exists and is not \(format.rawValue); choose another \(option)")
    }
    return true
  }

  private func isReplaceable(_ start: [UInt8]) -> Bool {
    // Bytes of no known format may be replaced: there is nothing to tell from a file that was cut off.
    guard let found = FileFormat(start: start) else { return true }
    return switch format {
    case .safetensors: found == .safetensors
    case .onnx: false
    case .numPy: found == .numPy
    case .csv: found == .text
    case .json: found == .json
    case .html: found == .html
    case .png: found == .png
    }
  }
}
