import Foundation
import ImageCodecs
import Imaging

/// A small folder of images: JPEG and PNG of several sizes, classes with names in several scripts, one of them with a
/// single file.
enum MixedFolder {
  /// The classes with many files.
  static let classes = ["apple", "été", "日本"]
  /// Files to train on.
  static let trainingCount = 3 * 20 + 1
  /// Files to validate with.
  static let validationCount = 3 * 5

  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("ImagingTests/Fixtures")

  /// Writes `train` and `val`.
  static func write(to folder: String) throws {
    for (split, count) in [("train", 20), ("val", 5)] {
      for (label, name) in classes.enumerated() {
        for number in 0..<count {
          try write(label, number, to: "\(folder)/\(split)/\(name)/\(number % 7 == 3 ? "more/" : "")\(number)")
        }
      }
    }
    try write(3, 0, to: "\(folder)/train/single/only")
  }

  /// Every fifth is a JPEG file that Pillow wrote, the others are PNG files with the class in their colors.
  private static func write(_ label: Int, _ number: Int, to path: String) throws {
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    guard number % 5 != 1 else {
      let name = ["baseline-420", "cmyk", "orientation-6", "grey-progressive"][(label + number) % 4]
      try FileManager.default.copyItem(
        atPath: fixtures.appendingPathComponent("\(name).jpg").path, toPath: "\(path).jpg")
      return
    }
    let (width, height) = [(16, 16), (24, 18), (40, 30), (13, 29)][number % 4]
    let samples = (0..<width * height * 3).map { sample in
      UInt8((label * 61 + sample % 3 * 83 + sample * (number + 3) / 7) % 256)
    }
    let image = RGBImage(width: width, height: height, samples: samples)
    try Data(image.pngBytes()).write(to: URL(fileURLWithPath: "\(path).png"))
  }
}
