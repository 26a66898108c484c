import Foundation
import ImageCodecs
import Imaging

/// The images of scripts/make-image-fixtures.py.
enum CodecsFixtures {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  /// The names of all files with this ending.
  static func names(_ ending: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { name in name.hasSuffix(ending) }.sorted()
  }

  /// The names of all encoded images that this host can decode.
  static var decodableNames: [String] {
    ImageFileKind.decodableEndings.flatMap { ending in names("." + ending) }.sorted()
  }

  /// A file.
  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  /// The image that Pillow decodes from a file, stored as PPM.
  static func expected(_ name: String) throws -> RGBImage {
    let bytes = try bytes(name + ".ppm")
    let header = String(decoding: bytes.prefix(32), as: UTF8.self).split(maxSplits: 4, whereSeparator: \.isWhitespace)
    guard header.count == 5, header[0] == "P6", let width = Int(header[1]), let height = Int(header[2]) else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return RGBImage(width: width, height: height, samples: Array(bytes.suffix(width * height * 3)))
  }
}
