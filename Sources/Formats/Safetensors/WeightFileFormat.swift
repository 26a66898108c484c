import Glibc

/// Recognition of other file formats, such as PyTorch's, where a safetensors file is expected.
public enum WeightFileFormat {
  /// Opens a file of weights; for a file of another format, the error explains the conversion to safetensors.
  ///
  /// - Throws: `FileError` if the file cannot be opened or is not a safetensors file.
  public static func open(_ path: String) throws(FileError) -> ReadOnlyFile {
    var status = stat()
    guard unsafe stat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
      throw FileError(.content, "\(path): is a folder; give the file of the weights in it")
    }
    let file = try ReadOnlyFile(path: path)
    let start = try file.start(FileFormat.startLength)
    switch FileFormat(start: start) {
    case .safetensors: return file
    case .zip: throw FileError(.content, "\(path): \(zipProblem(start, path))")
    case .pickle: throw FileError(.content, "\(path): \(torchProblem(path))")
    case let format?: throw FileError(.content, "\(path): \(problem(of: format))")
    case nil: break
    }
    if isONNX(start, path) {
      throw FileError(
        .content,
        "\(path): is an ONNX file, which holds operations rather than a model's named weights; give the PyTorch weights that it was exported from, as safetensors"
      )
    }
    return file
  }

  /// Returns true for an ONNX file: it starts with ModelProto's version (field 1), and its name ends in `.onnx` or the
  /// tag of another field follows.
  private static func isONNX(_ start: [UInt8], _ path: String) -> Bool {
    guard start.count > 2, start[0] == 0x08, (1...20).contains(start[1]) else { return false }
    return path.lowercased().hasSuffix(".onnx") || [0x12, 0x1A, 0x22, 0x32, 0x3A, 0x42].contains(start[2])
  }

  /// Returns the error for a file of another format, without the path that precedes it.
  private static func problem(of format: FileFormat) -> String {
    switch format {
    case .hdf5: "is an HDF5 file, as Keras writes; save the weights of a PyTorch model as safetensors"
    case .numPy: "is one NumPy array; save all tensors with safetensors.numpy.save_file"
    case .gguf: "is a GGUF file; give the PyTorch weights that it was made from, as safetensors"
    case let format where format.isArchive: "is an archive; unpack it and give the file of the weights in it"
    default: "is \(format.title), not a safetensors file of weights"
    }
  }

  private static func zipProblem(_ start: [UInt8], _ path: String) -> String {
    let length = start.count > 30 ? Int(start[26]) | Int(start[27]) << 8 : 0
    let name = String(decoding: start.dropFirst(30).prefix(length), as: UTF8.self)
    if name.hasSuffix(".npy") {
      return "is a NumPy archive; save its arrays with safetensors.numpy.save_file"
    }
    guard
      name.contains("/") && (name.hasSuffix("data.pkl") || name.contains("/.") || name.contains("/byteorder"))
        || name.isEmpty
    else { return "is a ZIP archive; unpack it and give the file of the weights in it" }
    return torchProblem(path)
  }

  /// A Python script that converts a `torch.save` file of nested dictionaries to a flat one with dotted names, without
  /// the optimizer's tensors.
  private static let script =
    #"import sys, torch, safetensors.torch as s; w = torch.load(sys.argv[1], map_location="cpu", weights_only=False); w = w.state_dict() if hasattr(w, "state_dict") else w; f = lambda d, p="": [x for k, v in d.items() if not str(k).startswith("opt") for x in (f(v, p + str(k) + ".") if isinstance(v, dict) else [(p + str(k), v)])]; s.save_file({k: v.detach().clone().contiguous() for k, v in f(w) if torch.is_tensor(v)}, sys.argv[2])"#

  private static func torchProblem(_ path: String) -> String {
    "was written by torch.save; expected safetensors. Loading such a file can run code that is stored in it. If you trust it, convert it (pip install torch safetensors) and give \((path + ".safetensors").shellQuoted):\npython3 -c '\(script)' \(path.shellQuoted) \((path + ".safetensors").shellQuoted)"
  }
}
