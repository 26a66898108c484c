/// Writes safetensors files: an 8-byte header length, a JSON header, the tensors' bytes without gaps.
public enum SafetensorsWriter {
  /// Writes tensors in the given order, and the checksum behind them, whole or not at all.
  ///
  /// - Parameters:
  ///   - path: Where the file will stand.
  ///   - metadata: Texts for the header.
  ///   - tensors: The tensors.
  /// - Throws: ``FileError``.
  public static func write(
    to path: String, metadata: [String: String], tensors: [NamedTensor]
  ) throws(FileError) {
    try AtomicFile.write(to: path) { (file) throws(FileError) in
      let digest = SHA256()
      let header = header(metadata: metadata, tensors: tensors)
      unsafe digest.update(header.span.bytes)
      unsafe try file.append(header.span.bytes)
      for tensor in tensors {
        // Little-endian as in memory: the package builds for x86-64 and arm64 only.
        unsafe digest.update(tensor.elements.span.bytes)
        unsafe try file.append(tensor.elements.span.bytes)
      }
      let checksum = digest.finalize()
      unsafe try file.append(checksum.span.bytes)
    }
  }

  private static func header(metadata: [String: String], tensors: [NamedTensor]) -> [UInt8] {
    var entries: [String] = []
    let texts = metadata.sorted { first, second in first.key < second.key }
      .map { key, value in "\(quoted(key)):\(quoted(value))" }
    entries.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    var offset = 0
    func add(_ name: String, _ type: TensorType, _ shape: [Int]) {
      let end = offset + shape.reduce(1, *) * type.byteCount
      let extents = shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(quoted(name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(extents)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    for tensor in tensors {
      add(tensor.name, .float32, tensor.shape)
    }
    add(SafetensorsChecksum.name, .uint8, [SafetensorsChecksum.byteCount])
    var text = Array("{\(entries.joined(separator: ","))}".utf8)
    while !text.count.isMultiple(of: 8) {
      text.append(UInt8(ascii: " "))
    }
    let length = UInt64(text.count)
    return (0..<8).map { byte in UInt8(truncatingIfNeeded: length >> (8 * byte)) } + text
  }

  /// A JSON string (RFC 8259, section 7).
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
