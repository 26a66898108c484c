import ImageCodecs
import Kernels
import KeyedRandomness

/// The padded crop operation: a random window of the view's size, from the image padded on all four sides.
struct PaddedCrop: AugmentationStep {
  var padding = 4
  var fill = 0

  let name = "padded-crop"
  let summary = "adds a margin and cuts out a random window of the view's size"
  var withDefaults: PaddedCrop { PaddedCrop() }
  var values: StepValues { .levels }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<PaddedCrop>] {
    [
      .integer("padding", \.padding, in: 0...1000, "pixels added on each side"),
      .integer("fill", \.fill, in: 0...255, "the margin's level"),
    ]
  }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    func start(_ extent: Int, _ view: Int) -> Int {
      stream.nextInteger(below: max(extent - view, 0) + 2 * padding + 1) - padding
    }
    let top = start(workspace.size.height, workspace.viewSize.height)
    let left = start(workspace.size.width, workspace.viewSize.width)
    var window = workspace.viewSize.window
    window.top = Int32(top)
    window.left = Int32(left)
    workspace.crop(window, fill: UInt8(fill))
  }
}

/// The center crop operation: the window of the view's size at the image's center.
struct CenterCrop: AugmentationStep {
  var fill = 0

  let name = "center-crop"
  let summary = "cuts the view out of the center"
  var decidesSize: Bool { true }
  var withDefaults: CenterCrop { CenterCrop() }
  var values: StepValues { .levels }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<CenterCrop>] {
    [.integer("fill", \.fill, in: 0...255, "the level around a smaller image")]
  }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    workspace.crop(workspace.viewSize.centered(in: workspace.size), fill: UInt8(fill))
  }
}

/// The resize operation, which fits the whole image to the view.
struct Resize: AugmentationStep {
  /// The treatment of an image whose aspect ratio is not the view's.
  enum Aspect: String, Sendable, CaseIterable {
    /// The aspect ratio is preserved: the resized image covers the view and may extend beyond it.
    case keep
    /// The image is stretched to the view's aspect ratio.
    case stretch
  }

  /// The longest side of the result, in sides of the view; of a longer image, the middle is kept.
  private static let mostViews = 100

  var scale = 1.0
  var aspect = Aspect.keep
  var filter = ResamplingFilter.bilinear

  let name = "resize"
  let summary = "resizes the image to cover the view; what is larger than the view at the end is cut to its center"
  var decidesSize: Bool { true }
  var withDefaults: Resize { Resize() }
  var values: StepValues { .levels }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<Resize>] {
    [
      .number("scale", \.scale, in: 1...10, "how much larger than the view; 8/7 before a crop is the usual evaluation"),
      .choice("aspect", \.aspect, "whether the proportions stay"),
      .choice("filter", \.filter, "how pixels are weighted"),
    ]
  }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    let (target, view) = (target(for: workspace.size, workspace.viewSize), workspace.viewSize)
    // The whole of a strip of 100,000×10 pixels would take gigabytes.
    let most = ImageSize(
      width: min(target.width, Self.mostViews * view.width), height: min(target.height, Self.mostViews * view.height))
    workspace.resize(workspace.size.window, to: target, part: most.middle(of: target), filter)
  }

  /// Resizes the image and crops the view from its center, computing only the pixels of the view.
  func applyWithCrop(to workspace: AugmentationWorkspace) {
    let target = target(for: workspace.size, workspace.viewSize)
    workspace.resize(workspace.size.window, to: target, part: workspace.viewSize.middle(of: target), filter)
  }

  private func target(for size: ImageSize, _ view: ImageSize) -> ImageSize {
    let width = Int((scale * Double(view.width)).rounded())
    let height = Int((scale * Double(view.height)).rounded())
    guard aspect == .keep else { return ImageSize(width: width, height: height) }
    // The scale is that of the side that would otherwise be too short; the other side is rounded down, as in
    // torchvision.
    return size.width * height >= size.height * width
      ? ImageSize(width: max(size.width * height / size.height, width), height: height)
      : ImageSize(width: width, height: max(size.height * width / size.width, height))
  }
}

/// The flip operation, which mirrors the image horizontally with some probability.
struct Flip: AugmentationStep {
  var probability = 0.5

  let name = "flip"
  let summary = "exchanges left and right"
  var withDefaults: Flip { Flip() }
  var values: StepValues { .levels }
  var flipProbabilities: [Double] { [probability] }

  var parameters: [AugmentationParameter<Flip>] { [.probability(\.probability)] }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    // Drawn even if the caller decides, so that the random numbers of later operations do not change.
    let isDrawn = stream.nextEvent(probability: Float(probability))
    if workspace.isMirrored ?? isDrawn {
      workspace.mirror()
    }
  }
}

extension AugmentationParameter {
  /// Creates the parameter for the probability with which the operation is applied to a view.
  static func probability(_ path: WritableKeyPath<Step, Double> & Sendable) -> AugmentationParameter {
    .number("probability", path, in: 0...1, "the share of views that are changed")
  }
}
