import ImageCodecs
import Imaging

/// The views of each sample.
package struct ViewOptions: Sendable, Equatable {
  /// The number of views of each sample.
  package var count = 2
  /// The random operations that make a view.
  package var augmentation = Augmentation.cropFlipJitter
  /// True if a view is mirrored in every second epoch instead of at random.
  package var alternatesFlip = false
  /// The sizes of views in the first stages of training, ascending; `nil` for one size.
  package var progressiveSizes: [Int]?
  /// The epochs after which each of ``progressiveSizes`` ends, ascending.
  package var progressiveEpochs: [Int]?
  /// The size of views in the present stage of training, set by the step; `nil` for the full size.
  package var stageSize: Int?
  /// α of mixup's Beta distribution; 0 for no mixup.
  package var mixup = 0.0
  /// α of CutMix's Beta distribution; 0 for no CutMix.
  package var cutmix = 0.0

  /// The defaults.
  package init() {}

  /// True if views of two samples are mixed, and so their labels.
  package var isMixing: Bool { mixup > 0 || cutmix > 0 }

  /// The size of views in an epoch; `nil` for the full size.
  package func progressiveSize(ofEpoch epoch: Int) -> Int? {
    zip(progressiveSizes ?? [], progressiveEpochs ?? []).first { _, end in epoch < end }?.0
  }

  /// The first contradiction between these options, or with the length of training, or `nil`.
  func problem(epochs: Int) -> RunError? {
    if alternatesFlip, !augmentation.flipsOnce {
      return RunError(
        .usage,
        "--alternating-flip: --augmentation \(augmentation.description) does not flip once with probability 0.5",
        remedy: "leave it out, or choose an augmentation with a flip, such as crop-flip")
    }
    switch (progressiveSizes, progressiveEpochs) {
    case (nil, nil): return nil
    case (let sizes?, let ends?): return Self.problem(sizes, ends, epochs: epochs)
    default:
      return RunError(
        .usage, "--progressive-size, --progressive-epochs: expected both or neither",
        remedy: "--progressive-size 24 --progressive-epochs 80 has views of 24 pixels in the first 80 epochs")
    }
  }

  private static func problem(_ sizes: [Int], _ ends: [Int], epochs: Int) -> RunError? {
    func text(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }
    if sizes.count != ends.count {
      return RunError(
        .usage,
        "--progressive-epochs \(text(ends)): expected as many as the sizes of --progressive-size \(text(sizes))",
        remedy: "give each size the epoch at which it ends")
    }
    if zip(sizes, sizes.dropFirst()).contains(where: { first, second in second <= first }) {
      return RunError(.usage, "--progressive-size \(text(sizes)): expected ascending sizes")
    }
    if zip(ends, ends.dropFirst()).contains(where: { first, second in second <= first }) {
      return RunError(.usage, "--progressive-epochs \(text(ends)): expected ascending epochs")
    }
    guard let last = ends.last, last >= epochs else { return nil }
    return RunError(
      .usage, "--progressive-epochs \(text(ends)): expected epochs before the end of training, --epochs \(epochs)",
      remedy: "the last epochs have views of the full size")
  }

  /// The first size of views that the encoder or the images do not allow, or `nil`.
  ///
  /// - Parameters:
  ///   - encoder: The encoder's name and the product of its strides.
  ///   - full: The shorter side of views at the end of training.
  /// - Returns: The error to show, or `nil`.
  func sizeProblem(encoder: (name: String, stride: Int), full: Int) -> RunError? {
    for size in progressiveSizes ?? [] {
      guard size.isMultiple(of: encoder.stride) else {
        return RunError(
          .usage, "--progressive-size \(size): expected a multiple of \(encoder.stride), the stride of \(encoder.name)",
          remedy: "choose \(max(size / encoder.stride, 1) * encoder.stride)")
      }
      guard size < full else {
        return RunError(
          .usage, "--progressive-size \(size): expected less than the views' full size, \(full)",
          remedy: "leave it out, or give a larger --image-size")
      }
    }
    return nil
  }
}

extension Configuration {
  /// The first size of `--progressive-size` that the resolved encoder or the dataset's views do not allow, or `nil`.
  package func progressiveSizeProblem(viewSize: ImageSize) -> RunError? {
    views.sizeProblem(encoder: (model.name, architecture.stride), full: min(viewSize.width, viewSize.height))
  }
}
