import Datasets
import Formats
import ImageCodecs
import Imaging
import TestSupport

/// Images of noise that differ by their number.
struct NoiseDataset: ImageDataset {
  let classNames = ["a", "b"]
  let count = 40
  let viewSize = ImageSize(width: 12, height: 10)
  let normalization = ChannelNormalization(mean: [0.5, 0.4, 0.3], standardDeviation: [0.2, 0.3, 0.4])

  func label(at index: Int) -> Int { index % 2 }

  func image(at index: Int) throws(FileError) -> RGBImage {
    guard index < count else { throw FileError(.content, "no image \(index)") }
    var numbers = TestNumbers(seed: UInt64(index))
    return RGBImage(width: 12, height: 10, samples: (0..<360).map { _ in UInt8(truncatingIfNeeded: numbers.next()) })
  }
}
