import Foundation
import ImageCodecs
import Imaging
import KeyedRandomness

/// Measures how many views a second one thread makes, for scripts/compare-torchvision.sh.
///
///     imaging-speed PICTURES WIDTH HEIGHT AUGMENTATION VIEW-SIDE SECONDS
///
/// PICTURES is a file of images `[count, HEIGHT, WIDTH, 3]` of 8 bits a channel, or a folder of JPEG or PNG files,
/// which are decoded for each view. Prints the number of views per second of the processor's time.
@main
struct ImagingSpeed {
  /// The sources of the images, called once per view.
  private let images: [() throws -> RGBImage]
  private let augmentation: Augmentation
  private let size: ImageSize
  private let normalization = ChannelNormalization(mean: [0.49, 0.48, 0.45], standardDeviation: [0.2, 0.2, 0.2])
  private let workspace = AugmentationWorkspace()
  private var made = 0

  init(_ images: [() throws -> RGBImage], _ augmentation: Augmentation, side: Int) {
    self.images = images
    self.augmentation = augmentation
    size = ImageSize(width: side, height: side)
  }

  /// Makes a view of each image.
  private mutating func makeViews(into view: inout [Float]) throws {
    var target = view.mutableSpan
    for image in images {
      var stream = RandomStream(seed: 1, .augmentation, sample: made)
      augmentation.makeView(
        of: try image(), size: size, &stream, normalization, workspace: workspace, into: &target,
        channelStride: size.pixelCount, pixelStride: 1)
      made += 1
    }
  }

  private mutating func viewsPerSecond(over seconds: Double) throws -> Double {
    // Not counted: memory is allocated, caches are filled.
    var view = [Float](repeating: 0, count: 3 * size.pixelCount)
    try makeViews(into: &view)
    made = 0
    let start = Self.processorSeconds()
    while Self.processorSeconds() - start < seconds {
      try makeViews(into: &view)
    }
    return Double(made) / (Self.processorSeconds() - start)
  }

  /// The time that this process has computed, which other processes on the same core do not lengthen.
  private static func processorSeconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 7, let width = Int(arguments[2]), let height = Int(arguments[3]),
      let side = Int(arguments[5]), let seconds = Double(arguments[6])
    else {
      print("expected PICTURES WIDTH HEIGHT AUGMENTATION VIEW-SIDE SECONDS")
      exit(64)
    }
    let images = try decoders(arguments[1]) ?? decoded(arguments[1], width: width, height: height)
    var speed = ImagingSpeed(images, try Augmentation(arguments[4]), side: side)
    print(Int(try speed.viewsPerSecond(over: seconds)))
  }

  /// One decoder for each file of a folder; `nil` if the path is not a folder.
  private static func decoders(_ path: String) throws -> [() throws -> RGBImage]? {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return nil }
    return try names.sorted().map { name in
      let bytes = Array(try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
      return { try RGBImage(decoding: bytes) }
    }
  }

  /// The images of a file.
  private static func decoded(_ path: String, width: Int, height: Int) throws -> [() throws -> RGBImage] {
    let bytes = try Data(contentsOf: URL(filePath: path))
    let stride = width * height * 3
    return (0..<bytes.count / stride).map { index in
      let image = RGBImage(width: width, height: height, samples: Array(bytes[index * stride..<(index + 1) * stride]))
      return { image }
    }
  }
}
