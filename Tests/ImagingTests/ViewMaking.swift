import ImageCodecs
import Imaging
import KeyedRandomness
import TestSupport

/// No change of the numbers but the division by 255.
let identityNormalization = ChannelNormalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])

/// A view as a red, a green and a blue plane, of the image's size or another.
func view(
  of image: RGBImage, _ augmentation: Augmentation, _ stream: RandomStream,
  _ normalization: ChannelNormalization = identityNormalization, size: ImageSize? = nil,
  _ workspace: AugmentationWorkspace = AugmentationWorkspace()
) -> [Float] {
  var stream = stream
  let size = size ?? image.size
  let pixels = size.pixelCount
  var view = [Float](repeating: .nan, count: 3 * pixels)
  var target = view.mutableSpan
  augmentation.makeView(
    of: image, size: size, &stream, normalization, workspace: workspace, into: &target, channelStride: pixels,
    pixelStride: 1)
  return view
}

/// The stream of one view of a test.
func stream(_ index: Int) -> RandomStream {
  RandomStream(seed: 77, .augmentation, epoch: 1, sample: index)
}

/// An image in which no two windows are alike.
func noise(width: Int, height: Int, seed: UInt64 = 1) -> RGBImage {
  var numbers = TestNumbers(seed: seed)
  return RGBImage(
    width: width, height: height,
    samples: (0..<width * height * 3).map { _ in UInt8(truncatingIfNeeded: numbers.next()) })
}

/// An image of one color.
func constant(_ red: UInt8, _ green: UInt8, _ blue: UInt8, width: Int = 4, height: Int = 4) -> RGBImage {
  RGBImage(width: width, height: height, samples: (0..<width * height).flatMap { _ in [red, green, blue] })
}

/// A view as 8-bit levels.
func viewImage(
  of image: RGBImage, _ augmentation: Augmentation, _ stream: RandomStream, size: ImageSize? = nil,
  _ workspace: AugmentationWorkspace = AugmentationWorkspace()
) -> RGBImage {
  var stream = stream
  return augmentation.image(of: image, size: size ?? image.size, &stream, workspace: workspace)
}

/// Jitter of every view on floats and nothing else.
let tensorJitter = "tensor-jitter(probability=1)"

func largestDifference(_ first: [Float], _ second: [Float]) -> Float {
  guard first.count == second.count else { return .infinity }
  return zip(first, second).reduce(0) { largest, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
