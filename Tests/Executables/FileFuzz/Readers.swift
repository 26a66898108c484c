import Configuration
import Datasets
import Formats
import ImageCodecs
import ImagePacks
import Imaging
import Runs

/// Readers that read a whole file of each kind.
enum Readers {
  /// A reader of the file's path, its bytes and the number of the try.
  typealias Reader = @Sendable (_ path: String, _ bytes: [UInt8], _ number: Int) throws -> Void

  static let byEnding: [String: Reader] = [
    ".jpg": image, ".png": image, ".safetensors": tensors, ".npy": array,
    ".npz": array, ".bmp": image, ".gif": image, ".webp": image, ".tif": image, ".pack": pack, ".json": object,
    ".yaml": options,
  ]

  private static func image(_ path: String, _ bytes: [UInt8], _ number: Int) throws {
    let target = number.isMultiple(of: 3) ? ImageSize(width: 16, height: 16) : nil
    _ = try RGBImage(decoding: bytes, scaledFor: target)
  }

  private static func tensors(_ path: String, _ bytes: [UInt8], _ number: Int) throws {
    let file = try SafetensorsFile(path: path)
    for (name, entry) in file.entries where entry.type == .float32 {
      _ = try file.floats(name, shape: entry.shape)
    }
  }

  private static func array(_ path: String, _ bytes: [UInt8], _ number: Int) throws {
    let file = try NumPyFile(path: path)
    let count = file.shape.reduce(1, *)
    if file.type.isFloatingPoint {
      _ = try file.doubles(0..<count)
    } else {
      _ = try file.integers(0..<count)
    }
  }

  private static func pack(_ path: String, _ bytes: [UInt8], _ number: Int) throws {
    for split in [Split.train, .validation] {
      let dataset = try PackedDataset(path: path, split: split)
      for index in 0..<dataset.count {
        _ = try dataset.image(at: index)
        _ = try dataset.path(at: index)
        _ = dataset.classNames[dataset.label(at: index)]
      }
    }
  }

  private static func options(_ path: String, _ bytes: [UInt8], _ number: Int) throws {
    _ = try ConfigurationFile.read(path)
  }

  private static func object(_ path: String, _ bytes: [UInt8], _ number: Int) throws {
    guard JSONValue(parsing: String(decoding: bytes, as: UTF8.self)) != nil else {
      throw FileError(.content, "is no JSON")
    }
  }
}
