import Formats
import Imaging

public struct ShapesDataset: ImageDataset {
  public init(count: Int, seed: UInt64, split: DatasetSplit) { self.count = count }
  public var classNames: [String] { [] }
  public let count: Int
  public var imageWidth: Int { 32 }
  public var imageHeight: Int { 32 }
  public var normalization: ChannelNormalization {
    .init(mean: [0.5, 0.5, 0.5], standardDeviation: [0.25, 0.25, 0.25])
  }
  public func label(at index: Int) -> Int { 0 }
  public func image(at index: Int) throws(FileError) -> RGBImage {
    RGBImage(width: 32, height: 32, samples: .init(repeating: 0, count: 3072))
  }
}
