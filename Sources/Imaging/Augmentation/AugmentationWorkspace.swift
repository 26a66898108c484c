import ImageCodecs
import Kernels

/// The buffers in which one thread makes views, reused from view to view.
///
/// While a view is made, the workspace holds the current image: one plane each of red, green and blue, 8 bits per
/// value.
@safe
public final class AugmentationWorkspace {
  // The table of C kernels for one instruction set; such tables are constants of the program.
  let kernels: UnsafePointer<KernelTable>

  /// The size in pixels of the view that is being made.
  private(set) var viewSize = ImageSize(width: 0, height: 0)
  /// The caller's choice to mirror the view or not; `nil` to draw it at random.
  private(set) var isMirrored: Bool?
  /// The size of the current image in pixels, which operations may change.
  private(set) var size = ImageSize(width: 0, height: 0)

  // The image as passed in; `nil` once an operation has changed it.
  private var source: RGBImage?
  private var planes = ScratchBuffer<UInt8>()
  private var otherPlanes = ScratchBuffer<UInt8>()
  private var packed = ScratchBuffer<UInt8>()
  private var resampled = ScratchBuffer<UInt8>()
  private var columnWeights = ResamplingWeights()
  private var rowWeights = ResamplingWeights()
  private var floats = ScratchBuffer<Float>()
  private var levels = ScratchBuffer<Float>()
  private var levelsNormalization: ChannelNormalization?

  /// The current image as floats from 0 to 1, if ``isTensor``; the memory is allocated once and reused.
  private var tensor = PlanarImage()
  private var isTensor = false

  /// Creates a workspace without an image.
  ///
  /// - Parameter path: The instruction set of the kernels; the images are the same with each.
  public init(_ path: KernelPath = kernels_best_path()) {
    unsafe kernels = unsafe kernels_of(path)
  }

  /// The number of pixels of the current image.
  var pixelCount: Int { size.pixelCount }

  /// The number of 8-bit values (levels) of the current image, three per pixel.
  var levelCount: Int { 3 * size.pixelCount }

  /// The address of the current image's planes, `[3, height, width]`, for changing them in place.
  var levelsInPlace: UnsafeMutablePointer<UInt8> {
    precondition(!isTensor, "operations on levels come before those on floats")
    let planes = unsafe self.planes.room(for: levelCount)
    if let image = source {
      source = nil
      unsafe image.samples.withUnsafeBufferPointer { samples in
        guard let pixels = samples.baseAddress else { return }
        unsafe kernels.pointee.image_unpack(pixels, pixelCount, planes)
      }
    }
    return unsafe planes
  }

  // MARK: Input and output

  /// Sets the current image, from which a view of size `viewSize` is to be made.
  func begin(_ image: RGBImage, viewSize: ImageSize, isMirrored: Bool? = nil) {
    self.isMirrored = isMirrored
    source = image
    size = image.size
    self.viewSize = viewSize
    isTensor = false
  }

  /// Replaces the current image by one of its rectangles, resized.
  ///
  /// - Parameters:
  ///   - crop: The rectangle, which lies inside the image.
  ///   - whole: The size that the rectangle is resized to.
  ///   - part: The rows and columns of the resized rectangle to compute; `nil` for all of it.
  ///   - filter: The interpolation filter.
  ///   - isAntialiased: True to widen the filter when the image shrinks.
  func resize(
    _ crop: KernelWindow, to whole: ImageSize, part: ImagePart? = nil, _ filter: ResamplingFilter,
    isAntialiased: Bool = true
  ) {
    if let image = source {
      source = nil
      unsafe image.samples.withUnsafeBufferPointer { samples in
        guard let pixels = samples.baseAddress else { return }
        unsafe resample(pixels, crop, to: whole, part: part, filter, isAntialiased: isAntialiased)
      }
    } else {
      let pixels = unsafe packed.room(for: levelCount)
      unsafe kernels.pointee.image_pack(levelsInPlace, pixelCount, pixels)
      unsafe resample(pixels, crop, to: whole, part: part, filter, isAntialiased: isAntialiased)
    }
  }

  private func resample(
    _ pixels: UnsafePointer<UInt8>, _ crop: KernelWindow, to whole: ImageSize, part: ImagePart?,
    _ filter: ResamplingFilter, isAntialiased: Bool
  ) {
    let part = part ?? ImagePart(rows: 0..<whole.height, columns: 0..<whole.width)
    let columns = unsafe columnWeights.filter(
      from: Int(crop.width), to: whole.width, keeping: part.columns, filter, isAntialiased: isAntialiased)
    let rows = unsafe rowWeights.filter(
      from: Int(crop.height), to: whole.height, keeping: part.rows, filter, isAntialiased: isAntialiased)
    let scratch = unsafe resampled.room(for: kernels.pointee.image_resample_scratch_count(columns, rows))
    let corner = unsafe pixels + (Int(crop.top) * size.width + Int(crop.left)) * 3
    let rowStride = size.width * 3
    size = ImageSize(width: part.columns.count, height: part.rows.count)
    unsafe kernels.pointee.image_resample(corner, rowStride, columns, rows, scratch, planes.room(for: levelCount))
  }

  /// Writes the finished view, standardized by `normalization`, with the given strides.
  func writeView(
    _ normalization: ChannelNormalization, into view: inout MutableSpan<Float>, channelStride: Int, pixelStride: Int
  ) {
    if isTensor {
      tensor.write(normalization, into: &view, channelStride: channelStride, pixelStride: pixelStride)
      return
    }
    let levels = unsafe self.levels.room(for: 3 * 256)
    if levelsNormalization != normalization {
      levelsNormalization = normalization
      for channel in 0..<3 {
        for level in 0..<256 {
          unsafe levels[256 * channel + level] =
            (Float(level) / 255 - normalization.mean[channel]) / normalization.standardDeviation[channel]
        }
      }
    }
    unsafe view.withUnsafeMutableBufferPointer { view in
      guard let address = view.baseAddress else { return }
      unsafe kernels.pointee.image_view(levelsInPlace, pixelCount, levels, address, channelStride, pixelStride)
    }
  }

  /// Returns the finished view as an 8-bit image.
  func makeImage() -> RGBImage {
    if isTensor {
      return tensor.rounded()
    }
    var samples = [UInt8](repeating: 0, count: levelCount)
    unsafe kernels.pointee.image_pack(levelsInPlace, pixelCount, &samples)
    return RGBImage(width: size.width, height: size.height, samples: samples)
  }

  // MARK: Operations that need a second buffer

  /// Replaces the current image by a window of it; pixels outside the image get the value `fill`.
  func crop(_ window: KernelWindow, fill: UInt8) {
    let result = unsafe otherPlanes.room(for: 3 * Int(window.width) * Int(window.height))
    unsafe kernels.pointee.image_window(image, window, fill, result)
    size = ImageSize(width: Int(window.width), height: Int(window.height))
    swap(&planes, &otherPlanes)
  }

  /// Mirrors the current image horizontally.
  func mirror() {
    unsafe kernels.pointee.image_mirror(image, otherPlanes.room(for: levelCount))
    swap(&planes, &otherPlanes)
  }

  /// Applies an affine map to the current image, with nearest-neighbor interpolation; pixels from outside get the value
  /// `fill`.
  func move(_ map: AffineMap, fill: UInt8) {
    let matrix = map.fixedPoint
    let elements = matrix.span
    unsafe elements.withUnsafeBufferPointer { matrix in
      guard let address = matrix.baseAddress else { return }
      unsafe kernels.pointee.image_affine(image, address, fill, otherPlanes.room(for: levelCount))
    }
    swap(&planes, &otherPlanes)
  }

  /// Fills a rectangle, which must lie inside the current image, with one 8-bit value.
  func fill(top: Int, left: Int, height: Int, width: Int, with level: UInt8) {
    let levels = unsafe levelsInPlace
    for plane in 0..<3 {
      for row in 0..<height {
        let start = plane * pixelCount + (top + row) * size.width + left
        unsafe (levels + start).update(repeating: level, count: width)
      }
    }
  }

  /// Blends the current image with a smoothed one, `smooth + factor · (value − smooth)`: 0 smooths, 1 changes nothing,
  /// larger factors sharpen.
  func sharpen(by factor: Float) {
    unsafe kernels.pointee.image_sharpen(image, factor, otherPlanes.room(for: levelCount))
    swap(&planes, &otherPlanes)
  }

  /// Blurs rows and columns of the current image with the `2 · radius + 1` weights that `fill` writes.
  ///
  /// Beyond the edges, pixels have the value `outside`; if it is `nil`, the image is mirrored.
  func blur(radius: Int, outside: Float?, weights fill: (UnsafeMutablePointer<Float>) -> Void) {
    let taps = 2 * radius + 1
    let scratchCount = unsafe kernels.pointee.image_blur_scratch_count(
      Int32(size.width), Int32(size.height), Int32(taps))
    let weights = unsafe floats.room(for: taps + scratchCount)
    unsafe fill(weights)
    unsafe kernels.pointee.image_blur(
      image, weights, Int32(taps), outside ?? -1, weights + taps, otherPlanes.room(for: levelCount))
    swap(&planes, &otherPlanes)
  }

  private var image: KernelImage {
    unsafe KernelImage(planes: levelsInPlace, width: Int32(size.width), height: Int32(size.height))
  }

  // MARK: Operations on floats

  /// Converts the current image to floats from 0 to 1 and changes it; operations on 8-bit values must not follow.
  func changeTensor(_ body: (inout PlanarImage) -> Void) {
    if !isTensor {
      unsafe tensor.load(levelsInPlace, size)
      isTensor = true
    }
    body(&tensor)
  }
}
