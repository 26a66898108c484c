import Datasets
import Formats
import ImageCodecs
import Imaging
import Measures

/// The images of CIFAR-10-C or CIFAR-100-C with one corruption at one severity: 10,000 of the 50,000 in a `.npy` file,
/// uint8 `[50000, 32, 32, 3]`.
struct CorruptedDataset: ImageDataset {
  let classNames: [String]
  let count: Int
  let viewSize: ImageSize
  let normalization: ChannelNormalization
  private let file: NumPyFile
  private let first: Int
  private let labels: [Int64]

  /// Opens the images of one corruption and severity.
  ///
  /// - Parameters:
  ///   - folder: The folder of the published files.
  ///   - corruption: The name of the corruption.
  ///   - severity: The severity, from 0 to 4.
  ///   - clean: The clean test images, which give the classes and the normalization.
  /// - Throws: `FileError` naming a file that is missing or of another size.
  init(folder: String, corruption: String, severity: Int, like clean: any ImageDataset) throws(FileError) {
    file = try NumPyFile(path: "\(folder)/\(corruption).npy")
    let size = clean.viewSize
    let blocks = CorruptionErrors.severityCount
    guard file.elementType == "|u1", file.shape.count == 4, file.shape[0] > 0, file.shape[0].isMultiple(of: blocks),
      Array(file.shape[1...]) == [size.height, size.width, 3]
    else {
      throw FileError(
        .content,
        "\(file.path): expected |u1 [50000, \(size.height), \(size.width), 3], found \(file.elementType) \(file.shape); give the folder of the published CIFAR-C files"
      )
    }
    let all = try NumPyFile(path: Self.labelsPath(folder))
    guard all.shape == [file.shape[0]] else {
      throw FileError(.content, "\(all.path): expected [\(file.shape[0])] labels, found \(all.shape)")
    }
    count = file.shape[0] / blocks
    first = severity * count
    labels = try all.integers(first..<first + count)
    classNames = clean.classNames
    viewSize = size
    normalization = clean.normalization
    guard labels.allSatisfy({ label in label >= 0 && label < Int64(clean.classNames.count) }) else {
      throw FileError(.content, "\(all.path): has labels beyond the \(clean.classNames.count) classes of the run")
    }
  }

  /// Checks that the images in a folder are of the classes of the clean ones: labels of CIFAR-10 are also labels of
  /// CIFAR-100.
  ///
  /// - Parameters:
  ///   - folder: The folder of the published files.
  ///   - clean: The clean test images.
  /// - Throws: `FileError` if a class of the clean images has no corrupted ones.
  static func checkClasses(inFolder folder: String, like clean: any ImageDataset) throws(FileError) {
    let all = try NumPyFile(path: labelsPath(folder))
    let labels = try all.integers(0..<all.shape.reduce(1, *))
    let (present, expected) = (Set(labels).count, Set(clean.labels).count)
    guard present >= expected else {
      throw FileError(
        .content,
        "\(all.path): has \(present) of the \(expected) classes of the clean images; give the folder that belongs to the run's dataset"
      )
    }
  }

  private static func labelsPath(_ folder: String) -> String { "\(folder)/labels.npy" }

  func label(at index: Int) -> Int { Int(labels[index]) }

  func image(at index: Int) throws(FileError) -> RGBImage {
    let bytes = 3 * viewSize.pixelCount
    let start = (first + index) * bytes
    let samples = try file.integers(start..<start + bytes).map { level in UInt8(truncatingIfNeeded: level) }
    return RGBImage(width: viewSize.width, height: viewSize.height, samples: samples)
  }
}
