import Glibc
import ImageCodecs
import Kernels
import KeyedRandomness

/// The random resized crop operation: a random rectangle of the image, resized to the view.
struct ResizedCrop: AugmentationStep {
  /// The distribution of the random rectangle.
  enum Sampling: String, Sendable, CaseIterable {
    /// Uniform area and log-uniform aspect ratio, in at most 10 attempts; after these, the largest centered rectangle
    /// with an allowed ratio.
    case torchvision
    /// TensorFlow's `tf.image.sample_distorted_bounding_box`: uniform aspect ratio, uniform height within the allowed
    /// range, at least a tenth of the image, in at most 100 attempts; after these, and in place of the whole image, the
    /// centered square.
    case tensorflow
  }

  var area = RandomRange(0.08, 1)
  var ratio = RandomRange(0.75, 4.0 / 3)
  var filter = ResamplingFilter.bilinear
  var antialias = YesOrNo.yes
  var sampling = Sampling.torchvision

  let name = "resized-crop"
  let summary = "cuts out a random part and resizes it to the view"
  var decidesSize: Bool { true }
  var withDefaults: ResizedCrop { ResizedCrop() }
  var values: StepValues { .levels }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<ResizedCrop>] {
    [
      .range("area", \.area, in: 1e-6...1, "the part's share of the image"),
      .range("ratio", \.ratio, in: 0.01...100, "its width divided by its height"),
      .choice("filter", \.filter, "how pixels are weighted"),
      .choice("antialias", \.antialias, "whether the filter widens as the part shrinks; TensorFlow's does not"),
      .choice("sampling", \.sampling, "whose way to draw the part"),
    ]
  }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    let part: KernelWindow
    switch sampling {
    case .torchvision: part = torchvisionPart(of: workspace.size, &stream)
    case .tensorflow: part = tensorflowPart(of: workspace.size, &stream)
    }
    workspace.resize(part, to: workspace.viewSize, filter, isAntialiased: antialias == .yes)
  }

  private func torchvisionPart(of size: ImageSize, _ stream: inout RandomStream) -> KernelWindow {
    let logarithms = RandomRange(log(ratio.lower), log(ratio.upper))
    for _ in 0..<10 {
      let pixels = Double(size.pixelCount) * area.draw(&stream)
      let aspect = exp(logarithms.draw(&stream))
      let width = Int((pixels * aspect).squareRoot().rounded(.toNearestOrEven))
      let height = Int((pixels / aspect).squareRoot().rounded(.toNearestOrEven))
      if (1...size.width).contains(width), (1...size.height).contains(height) {
        let top = stream.nextInteger(below: size.height - height + 1)
        let left = stream.nextInteger(below: size.width - width + 1)
        return KernelWindow(top: Int32(top), left: Int32(left), width: Int32(width), height: Int32(height))
      }
    }
    let aspect = Double(size.width) / Double(size.height)
    var part = size
    if aspect < ratio.lower {
      part.height = min(max(Int((Double(size.width) / ratio.lower).rounded(.toNearestOrEven)), 1), size.height)
    } else if aspect > ratio.upper {
      part.width = min(max(Int((Double(size.height) * ratio.upper).rounded(.toNearestOrEven)), 1), size.width)
    }
    return centered(part, in: size, spare: 0)
  }

  private func tensorflowPart(of size: ImageSize, _ stream: inout RandomStream) -> KernelWindow {
    let pixels = Double(size.pixelCount)
    let least = area.lower * pixels
    let most = area.upper * pixels
    for _ in 0..<100 {
      let aspect = ratio.draw(&stream)
      func width(ofHeight height: Int) -> Int { Int((Double(height) * aspect).rounded(.toNearestOrEven)) }
      var tallest = Int((most / aspect).squareRoot().rounded(.toNearestOrEven))
      if width(ofHeight: tallest) > size.width {
        tallest = Int((Double(size.width) + 0.5 - 1e-7) / aspect)
        tallest -= width(ofHeight: tallest) > size.width ? 1 : 0
      }
      tallest = min(tallest, size.height)
      var height = min(Int((least / aspect).squareRoot().rounded(.toNearestOrEven)), tallest)
      height += stream.nextInteger(below: tallest - height + 1)
      if Double(width(ofHeight: height) * height) < least {
        height += 1
      }
      if Double(width(ofHeight: height) * height) > most {
        height -= 1
      }
      let part = ImageSize(width: width(ofHeight: height), height: height)
      let share = Double(part.pixelCount)
      guard share >= least, share <= most, share >= pixels / 10, (1...size.width).contains(part.width),
        (1...size.height).contains(height)
      else { continue }
      // TensorFlow returns the whole image also if no attempt succeeds, and the official code cannot tell which it is.
      guard part != size else { break }
      // As in TensorFlow, the last position is never drawn, unless it is the only one.
      let top = height < size.height ? stream.nextInteger(below: size.height - height) : 0
      let left = part.width < size.width ? stream.nextInteger(below: size.width - part.width) : 0
      return KernelWindow(top: Int32(top), left: Int32(left), width: Int32(part.width), height: Int32(height))
    }
    let side = min(size.width, size.height)
    return centered(ImageSize(width: side, height: side), in: size, spare: 1)
  }

  /// Places a part at the center of an image.
  ///
  /// - Parameters:
  ///   - part: The size of the part, which fits the image.
  ///   - size: The size of the image.
  ///   - spare: The side to which a part between two pixels moves: 0 for up and left as in torchvision, 1 for down and
  ///     right as in the official TensorFlow code.
  /// - Returns: The window of the part.
  private func centered(_ part: ImageSize, in size: ImageSize, spare: Int) -> KernelWindow {
    KernelWindow(
      top: Int32((size.height - part.height + spare) / 2), left: Int32((size.width - part.width + spare) / 2),
      width: Int32(part.width), height: Int32(part.height))
  }
}

extension ImageSize {
  /// Returns a window of this size, centered in an image of size `whole`; the window extends beyond a smaller image.
  func centered(in whole: ImageSize) -> KernelWindow {
    let part = middle(of: whole)
    return KernelWindow(
      top: Int32(part.rows.lowerBound), left: Int32(part.columns.lowerBound), width: Int32(width),
      height: Int32(height))
  }

  /// Returns the same window as ``centered(in:)``, also in an image that is longer than a window can tell.
  func middle(of whole: ImageSize) -> ImagePart {
    func range(_ part: Int, _ whole: Int) -> Range<Int> {
      let start = Int((Double(whole - part) / 2).rounded(.toNearestOrEven))
      return start..<start + part
    }
    return ImagePart(rows: range(height, whole.height), columns: range(width, whole.width))
  }

  /// The window that covers an image of this size.
  var window: KernelWindow {
    KernelWindow(top: 0, left: 0, width: Int32(width), height: Int32(height))
  }
}

/// The rows and columns of a part of an image.
struct ImagePart {
  let rows: Range<Int>
  let columns: Range<Int>
}
