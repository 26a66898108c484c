import ImageCodecs
import Imaging

/// The options of views, the augmented versions of each sample.
package struct ViewOptions: Sendable, Equatable {
  /// The number of views of each sample.
  package var count = 2
  /// The random operations that make a view from an image.
  package var augmentation = Augmentation.cropFlipJitter
  /// True to mirror each view in every second epoch instead of at random.
  package var alternatesFlip = false
  /// The sizes of views, in pixels, in all stages of progressive resizing but the last, ascending; `nil` for none.
  package var progressiveSizes: [Int]?
  /// The epochs at which the stages of ``progressiveSizes`` end, ascending.
  package var progressiveEpochs: [Int]?
  /// The size of views at the current stage of training, set by the training step; `nil` for the full size.
  package var stageSize: Int?
  /// The parameter α of mixup's Beta distribution; 0 for no mixup.
  package var mixup = 0.0
  /// The parameter α of CutMix's Beta distribution; 0 for no CutMix.
  package var cutmix = 0.0

  /// Creates the default options.
  package init() {}

  /// True if mixup or CutMix is on.
  package var isMixing: Bool { mixup > 0 || cutmix > 0 }

  /// Returns the size of views in an epoch; `nil` for the full size.
  package func progressiveSize(ofEpoch epoch: Int) -> Int? {
    zip(progressiveSizes ?? [], progressiveEpochs ?? []).first { _, end in epoch < end }?.0
  }

  /// Returns the error for the first contradiction between these options or with the number of epochs, or `nil`.
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

  /// Returns the error for the first size in ``progressiveSizes`` that does not suit the encoder or the images, or
  /// `nil`.
  ///
  /// - Parameters:
  ///   - encoder: The encoder's name, and its total stride, which must divide the sizes.
  ///   - full: The shorter side of views at the end of training, in pixels.
  /// - Returns: The error for the user, or `nil`.
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
  /// Returns the error for the first value of `--progressive-size` that does not suit the encoder or the dataset's
  /// views, or `nil`.
  package func progressiveSizeProblem(viewSize: ImageSize) -> RunError? {
    views.sizeProblem(encoder: (model.name, architecture.stride), full: min(viewSize.width, viewSize.height))
  }
}
