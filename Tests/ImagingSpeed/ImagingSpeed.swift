import Foundation
import Imaging
import KeyedRandomness

/// Measures how many views a second one thread makes, for scripts/compare-torchvision.sh.
///
///     imaging-speed PICTURES WIDTH HEIGHT AUGMENTATION VIEW-SIDE SECONDS
///
/// PICTURES is a file of pictures `[count, HEIGHT, WIDTH, 3]` of 8 bits a channel. Prints the number of views per second.
@main
struct ImagingSpeed {
  private let images: [RGBImage]
  private let augmentation: Augmentation
  private let size: ImageSize
  private let normalization = ChannelNormalization(mean: [0.49, 0.48, 0.45], standardDeviation: [0.2, 0.2, 0.2])
  private let workspace = AugmentationWorkspace()
  private var made = 0

  init(_ images: [RGBImage], _ augmentation: Augmentation, side: Int) {
    self.images = images
    self.augmentation = augmentation
    size = ImageSize(width: side, height: side)
  }

  /// Makes a view of each picture.
  private mutating func makeViews(into view: inout [Float]) {
    var target = view.mutableSpan
    for image in images {
      var stream = RandomStream(seed: 1, .augmentation, sample: made)
      augmentation.makeView(
        of: image, size: size, &stream, normalization, workspace: workspace, into: &target,
        channelStride: size.pixelCount, pixelStride: 1)
      made += 1
    }
  }

  private mutating func viewsPerSecond(over seconds: Double) -> Double {
    // Not counted: memory is allocated, caches are filled.
    var view = [Float](repeating: 0, count: 3 * size.pixelCount)
    makeViews(into: &view)
    made = 0
    let clock = ContinuousClock()
    let start = clock.now
    while clock.now - start < .seconds(seconds) {
      makeViews(into: &view)
    }
    return Double(made) / ((clock.now - start) / .seconds(1))
  }

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 7, let width = Int(arguments[2]), let height = Int(arguments[3]),
      let side = Int(arguments[5]), let seconds = Double(arguments[6]),
      let bytes = FileManager.default.contents(atPath: arguments[1])
    else {
      print("expected PICTURES WIDTH HEIGHT AUGMENTATION VIEW-SIDE SECONDS")
      exit(64)
    }
    let stride = width * height * 3
    let images = (0..<bytes.count / stride).map { index in
      RGBImage(width: width, height: height, samples: Array(bytes[index * stride..<(index + 1) * stride]))
    }
    var speed = ImagingSpeed(images, try Augmentation(arguments[4]), side: side)
    print(Int(speed.viewsPerSecond(over: seconds)))
  }
}
