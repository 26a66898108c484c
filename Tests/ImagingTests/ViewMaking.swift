import Imaging
import KeyedRandomness
import TestSupport

/// No change of the numbers but the division by 255.
let identityNormalization = ChannelNormalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])

/// A view as a red, a green and a blue plane.
func view(
  of image: RGBImage, _ augmentation: ViewAugmentation, _ stream: RandomStream,
  _ normalization: ChannelNormalization = identityNormalization
) -> [Float] {
  var stream = stream
  let pixels = image.width * image.height
  var view = [Float](repeating: .nan, count: 3 * pixels)
  var target = view.mutableSpan
  augmentation.makeView(of: image, &stream, normalization, into: &target, channelStride: pixels, pixelStride: 1)
  return view
}

/// The stream of one view of a test.
func stream(_ index: Int) -> RandomStream {
  RandomStream(seed: 77, .augmentation, epoch: 1, sample: index)
}

/// A picture in which no two windows are alike.
func noise(width: Int, height: Int, seed: UInt64 = 1) -> RGBImage {
  var numbers = TestNumbers(seed: seed)
  return RGBImage(
    width: width, height: height,
    samples: (0..<width * height * 3).map { _ in UInt8(truncatingIfNeeded: numbers.next()) })
}

/// A picture of one colour.
func constant(_ red: UInt8, _ green: UInt8, _ blue: UInt8, width: Int = 4, height: Int = 4) -> RGBImage {
  RGBImage(width: width, height: height, samples: (0..<width * height).flatMap { _ in [red, green, blue] })
}

extension ViewAugmentation {
  /// Jitter of every view and nothing else.
  static var jitterOnly: ViewAugmentation {
    var augmentation = cropFlipJitter
    augmentation.crop = nil
    augmentation.mirrorProbability = 0
    augmentation.greyscaleProbability = 0
    augmentation.jitter?.probability = 1
    return augmentation
  }
}

func largestDifference(_ first: [Float], _ second: [Float]) -> Float {
  guard first.count == second.count else { return .infinity }
  return zip(first, second).reduce(0) { largest, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
