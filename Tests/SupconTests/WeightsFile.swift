import Foundation

/// A safetensors file, read by the format's own words: eight bytes of header length, a JSON header, the tensors.
struct WeightsFile {
  /// The bytes of each tensor.
  let tensors: [String: Data]
  /// The texts of the header.
  let metadata: [String: String]

  private struct Header: Decodable {
    // swift-format-ignore: AlwaysUseLowerCamelCase
    let __metadata__: [String: String]?
  }

  private struct Entry: Decodable {
    // swift-format-ignore: AlwaysUseLowerCamelCase
    let data_offsets: [Int]?
  }

  init(path: String) throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let length = bytes.prefix(8).reversed().reduce(0) { sum, byte in sum << 8 | Int(byte) }
    let header = try JSONDecoder().decode([String: Entry].self, from: bytes[8..<8 + length])
    metadata = try JSONDecoder().decode(Header.self, from: bytes[8..<8 + length]).__metadata__ ?? [:]
    tensors = header.compactMapValues { entry in
      entry.data_offsets.map { offsets in bytes[8 + length + offsets[0]..<8 + length + offsets[1]] }
    }
  }

  /// Everything that is neither momentum nor checksum, names sorted bytewise.
  var weights: Data {
    var weights = Data()
    for name in tensors.keys.sorted(by: { first, second in first.utf8.lexicographicallyPrecedes(second.utf8) })
    where name.hasPrefix("encoder.") || name.hasPrefix("head.") {
      weights += tensors[name] ?? Data()
    }
    return weights
  }
}

/// Returns the elements of a float32 tensor; none if it is missing.
func floats(_ tensor: Data?) -> [Double] {
  let bytes = [UInt8](tensor ?? Data())
  return stride(from: 0, to: bytes.count - 3, by: 4).map { start in
    let bits = (0..<4).reduce(UInt32(0)) { word, index in word | UInt32(bytes[start + index]) << (8 * index) }
    return Double(Float(bitPattern: bits))
  }
}
