/// A writer of safetensors files: an 8-byte header length, a JSON header, the tensors' bytes without gaps.
public enum SafetensorsWriter {
  /// Writes tensors in the given order, followed by the checksum, to a file atomically.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - metadata: Key-value pairs for the header.
  ///   - tensors: The tensors.
  /// - Throws: ``FileError`` if the file cannot be written.
  public static func write(
    to path: String, metadata: [String: String], tensors: [NamedTensor]
  ) throws(FileError) {
    try prepare(at: path, metadata: metadata, tensors: tensors).publish()
  }

  /// Writes a safetensors file under a temporary name; `publish` renames it.
  ///
  /// - Throws: ``FileError`` if the file cannot be written.
  public static func prepare(
    at path: String, metadata: [String: String], tensors: [NamedTensor]
  ) throws(FileError) -> AtomicFile.Prepared {
    let descriptions = tensors.map { tensor in
      TensorDescription(name: tensor.name, type: .float32, shape: tensor.shape)
    }
    return try prepare(at: path, metadata: metadata, tensors: descriptions) {
      (append) throws(FileError) in
      for tensor in tensors {
        // Little-endian as in memory: the package builds for x86-64 and arm64 only.
        unsafe try append(tensor.elements.span.bytes)
      }
    }
  }

  /// Writes tensors, which need not all be in memory at once, followed by the checksum, to a file atomically.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - metadata: Key-value pairs for the header.
  ///   - tensors: The names, types and shapes of the tensors.
  ///   - hasChecksum: False to omit the checksum, which other programs would take for a superfluous weight.
  ///   - blocks: Passes the tensors' bytes to its argument, in order, in blocks of any size.
  /// - Throws: ``FileError`` if the file cannot be written.
  /// - Precondition: The number of bytes is that of the described tensors.
  public static func write(
    to path: String, metadata: [String: String], tensors: [TensorDescription],
    hasChecksum: Bool = true,
    blocks: (_ append: (RawSpan) throws(FileError) -> Void) throws(FileError) -> Void
  ) throws(FileError) {
    try prepare(at: path, metadata: metadata, tensors: tensors, hasChecksum: hasChecksum, blocks: blocks).publish()
  }

  /// Writes tensors, which need not all be in memory at once, under a temporary name; `publish` renames the file.
  ///
  /// - Throws: ``FileError`` if the file cannot be written.
  public static func prepare(
    at path: String, metadata: [String: String], tensors: [TensorDescription], hasChecksum: Bool = true,
    blocks: (_ append: (RawSpan) throws(FileError) -> Void) throws(FileError) -> Void
  ) throws(FileError) -> AtomicFile.Prepared {
    try AtomicFile.prepare(at: path) { (file) throws(FileError) in
      let digest = SHA256()
      let checksums =
        hasChecksum
        ? [TensorDescription(name: SafetensorsChecksum.name, type: .uint8, shape: [SafetensorsChecksum.byteCount])] : []
      let header = header(metadata: metadata, tensors: tensors + checksums)
      unsafe digest.update(header.span.bytes)
      unsafe try file.append(header.span.bytes)
      var written = 0
      try blocks { (bytes) throws(FileError) in
        digest.update(bytes)
        try file.append(bytes)
        written += bytes.byteCount
      }
      let expected = tensors.reduce(0) { sum, tensor in sum + tensor.byteCount }
      precondition(written == expected, "\(written) bytes for tensors of \(expected)")
      guard hasChecksum else { return }
      let checksum = digest.finalize()
      unsafe try file.append(checksum.span.bytes)
    }
  }

  private static func header(metadata: [String: String], tensors: [TensorDescription]) -> [UInt8] {
    var entries: [String] = []
    let texts = metadata.sorted { first, second in first.key < second.key }
      .map { key, value in "\(quoted(key)):\(quoted(value))" }
    entries.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.byteCount
      let extents = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(extents)],\"data_offsets\":[\(offset),\(end)]}"
      )
      offset = end
    }
    var text = Array("{\(entries.joined(separator: ","))}".utf8)
    while !text.count.isMultiple(of: 8) {
      text.append(UInt8(ascii: " "))
    }
    let length = UInt64(text.count)
    return (0..<8).map { byte in UInt8(truncatingIfNeeded: length >> (8 * byte)) } + text
  }

  /// Returns a text as a JSON string with quotes (RFC 8259, section 7).
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case _ where scalar.value < 0x20:
        quoted += "\\u" + String(Int(scalar.value), width: 4, radix: 16)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
