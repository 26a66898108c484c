import ImageCodecs
import KeyedRandomness

/// The operations that make a view of an image, one after another, each with its parameters.
///
/// Operations work on 8-bit levels with Pillow's arithmetic, some at the end on floats; then the view is standardized. The
/// same draws give the same bits on every instruction set.
///
/// Every view has the size that is asked for. Operations that resize say how. Without one, an image of another size is resized to cover
/// 8/7 of the view and cut to its center, as usual in evaluation; an image of exactly that size is taken as it is.
public struct Augmentation: Sendable {
  let steps: [any AugmentationStep]
  private let decidesSize: Bool

  /// Choices of one view that are made outside its operations.
  public struct FixedChoices: Sendable {
    /// True or false to mirror the view or not where a flip would draw; `nil` to draw.
    public var isMirrored: Bool?
    /// The size of views at the end of progressive resizing: an image of exactly that size is resized to the view without a margin.
    public var fullSize: ImageSize?

    /// None.
    public init() {}
  }

  init(steps: [any AugmentationStep]) {
    self.steps = steps
    decidesSize = steps.contains { step in step.decidesSize }
  }

  /// True if every view is the image itself.
  public var isIdentity: Bool { steps.isEmpty }

  /// True if every view is mirrored once, with probability 0.5.
  public var flipsOnce: Bool {
    let flips = steps.flatMap { step in (step as? Preset)?.small ?? [step] }.compactMap { step in step as? Flip }
    return flips.count == 1 && flips[0].probability == 0.5
  }

  /// Makes one view of `image`.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - size: The view's size.
  ///   - stream: The view's own random draws.
  ///   - normalization: The mean and standard deviation that standardize the view.
  ///   - workspace: The memory of the calling thread.
  ///   - fixed: Choices of this view that are not left to its operations.
  ///   - view: Receives the view at `[channel · channelStride + pixel · pixelStride]`.
  ///   - channelStride: The distance between the channels of a pixel.
  ///   - pixelStride: The distance between neighboring pixels.
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

  /// Makes one view of `image` as an image of 8 bits a channel, to look at.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - size: The view's size.
  ///   - stream: The view's own random draws.
  ///   - workspace: The memory of the calling thread.
  /// - Returns: The view; operations on floats are rounded.
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
      Resize(scale: image.size == fixed.fullSize ? 1 : 8.0 / 7).applyWithCut(to: workspace)
    }
    for step in steps {
      step.apply(to: workspace, &stream)
    }
    if workspace.size != size {
      workspace.cut(size.centered(in: workspace.size), fill: 0)
    }
  }
}

extension Augmentation: Equatable {
  /// True if both have the same operations with the same parameters.
  public static func == (first: Augmentation, second: Augmentation) -> Bool {
    first.description == second.description
  }
}
