import Foundation
import ImageCodecs
import Imaging
import TestSupport

/// Trees of small PNG files for tests.
enum FolderTrees {
  /// An image whose samples count up from `seed`.
  static func image(_ seed: Int, width: Int = 6, height: Int = 4) -> RGBImage {
    RGBImage(
      width: width, height: height,
      samples: (0..<width * height * 3).map { sample in UInt8(truncatingIfNeeded: seed &* 37 &+ sample &* 5) })
  }

  /// Writes an image, and the folders on its way.
  static func write(_ image: RGBImage, to path: String) throws {
    try write(image.pngBytes(), to: path)
  }

  /// Writes a file, and the folders on its way.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try writeBytes(bytes, to: path)
  }
}
