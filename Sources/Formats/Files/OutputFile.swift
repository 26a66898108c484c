import Glibc

/// The path and format of a file that a command writes.
public struct OutputFile: Sendable {
  /// The formats that commands write.
  public enum Format: String, Sendable {
    case safetensors = "a safetensors file"
    case onnx = "an ONNX file"
    case numPy = "a NumPy array"
    case csv = "a table"
    case json = "a JSON file"
    case html = "an HTML page"
    case png = "a PNG image"
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
    let file = try ReadOnlyFile(path: path)
    let start = try file.read(min(file.byteCount, FileFormat.startLength), at: 0)
    guard isReplaceable(start) else {
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
