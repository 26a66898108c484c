import ImageCodecs
import KeyedRandomness

/// A sequence of random image operations, with parameters, that makes a view from an image.
///
/// Operations work on 8-bit values with Pillow's arithmetic, some at the end on floats; finally the view is
/// standardized. The same random draws give the same bits with every instruction set.
///
/// Every view has the requested size. Some operations resize the image to it. Without such an operation, an image of
/// another size is resized to cover 8/7 of the view and center-cropped, as is usual for evaluation; an image of the
/// requested size is not resized.
public struct Augmentation: Sendable {
  let steps: [any AugmentationStep]
  private let decidesSize: Bool

  /// The choices for one view that the caller makes in place of the random operations.
  public struct FixedChoices: Sendable {
    /// The result of a random flip, true or false; `nil` to draw it at random.
    public var isMirrored: Bool?
    /// The size of views after progressive resizing; an image of exactly this size is resized to the view directly, not
    /// to 8/7 of the view and then cropped.
    public var fullSize: ImageSize?

    /// Creates choices that leave everything to the random operations.
    public init() {}
  }

  init(steps: [any AugmentationStep]) {
    self.steps = steps
    decidesSize = steps.contains { step in step.decidesSize }
  }

  /// True if there are no operations.
  public var isIdentity: Bool { steps.isEmpty }

  /// True if views are flipped by exactly one operation, with probability 0.5.
  public var flipsOnce: Bool { steps.flatMap { step in step.flipProbabilities } == [0.5] }

  /// Makes one view of an image.
  ///
  /// - Parameters:
  ///   - image: The source image.
  ///   - size: The height and width of the view.
  ///   - stream: The random numbers for this view.
  ///   - normalization: The mean and standard deviation that standardize the view.
  ///   - workspace: The buffers of the calling thread.
  ///   - fixed: The choices that the caller makes in place of the operations.
  ///   - view: Receives the element of each channel and pixel at index `channel · channelStride + pixel · pixelStride`.
  ///   - channelStride: The distance in elements between the channels of a pixel.
  ///   - pixelStride: The distance in elements between neighboring pixels.
  public func makeView(
    of image: RGBImage, size: ImageSize, _ stream: inout RandomStream, _ normalization: ChannelNormalization,
    workspace: AugmentationWorkspace, fixed: FixedChoices = FixedChoices(), into view: inout MutableSpan<Float>,
    channelStride: Int, pixelStride: Int
  ) {
    let count = size.pixelCount
    precondition(
      count == 0 || view.count > 2 * channelStride + (count - 1) * pixelStride,
      "a view of \(view.count) elements for \(count) pixels")
    apply(to: image, size, &stream, workspace, fixed)
    workspace.writeView(normalization, into: &view, channelStride: channelStride, pixelStride: pixelStride)
  }

  /// Makes one view of an image as an 8-bit image for display.
  ///
  /// - Parameters:
  ///   - image: The source image.
  ///   - size: The height and width of the view.
  ///   - stream: The random numbers for this view.
  ///   - workspace: The buffers of the calling thread.
  /// - Returns: The view; results of operations on floats are rounded.
  public func image(
    of image: RGBImage, size: ImageSize, _ stream: inout RandomStream, workspace: AugmentationWorkspace
  ) -> RGBImage {
    apply(to: image, size, &stream, workspace)
    return workspace.makeImage()
  }

  private func apply(
    to image: RGBImage, _ size: ImageSize, _ stream: inout RandomStream, _ workspace: AugmentationWorkspace,
    _ fixed: FixedChoices = FixedChoices()
  ) {
    workspace.begin(image, viewSize: size, isMirrored: fixed.isMirrored)
    if !decidesSize, image.size != size {
      Resize(scale: image.size == fixed.fullSize ? 1 : 8.0 / 7).applyWithCrop(to: workspace)
    }
    for step in steps {
      step.apply(to: workspace, &stream)
    }
    if workspace.size != size {
      workspace.crop(size.centered(in: workspace.size), fill: 0)
    }
  }
}

extension Augmentation: Equatable {
  /// Returns true if both augmentations have the same operations with the same parameters.
  public static func == (first: Augmentation, second: Augmentation) -> Bool {
    first.description == second.description
  }
}
