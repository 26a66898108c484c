import Foundation
import Imaging
import TestSupport

/// Trees of small PNG files for tests.
enum FolderTrees {
  /// A picture whose samples count up from `seed`.
  static func picture(_ seed: Int, width: Int = 6, height: Int = 4) -> RGBImage {
    RGBImage(
      width: width, height: height,
      samples: (0..<width * height * 3).map { sample in UInt8(truncatingIfNeeded: seed &* 37 &+ sample &* 5) })
  }

  /// Writes a picture, and the folders on its way.
  static func write(_ picture: RGBImage, to path: String) throws {
    try write(picture.pngBytes(), to: path)
  }

  /// Writes a file, and the folders on its way.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try writeBytes(bytes, to: path)
  }
}
