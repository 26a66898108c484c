import ImageCodecs
import NeuralNet

/// The options of the encoder.
package struct ModelOptions: Sendable, Equatable {
  /// The named encoder, to which the options below are applied.
  package var encoder = ResNetArchitecture.resnet20
  /// The input stem (first layers); `nil` for the stem that suits the size of views.
  package var stem: ResNetArchitecture.Stem?
  /// The kind of shortcut in residual blocks that change the shape; `nil` for the encoder's default.
  package var shortcut: ResNetArchitecture.Shortcut?
  /// The factor by which the number of channels of every group of residual blocks is multiplied.
  package var widthMultiplier = 1.0
  /// True to initialize the scale of each residual block's last BatchNorm to 0.
  package var zeroInitLastScale = false
  /// True to scale representations to unit length, before the projection head and for evaluation.
  package var normalizeEncoder = false
  /// The run directory or weight file from which the encoder's weights are initialized; `nil` for random values.
  package var initialPath: String?

  /// Creates the default options.
  package init() {}

  /// The encoder's name.
  package var name: String { encoder.name }

  /// The architecture with all options applied; if ``stem`` is `nil`, with the stem for views of up to 64 pixels.
  ///
  /// A width multiplier or shortcut that the encoder does not support is ignored here and reported by ``problem``.
  package var architecture: ResNetArchitecture {
    var architecture = encoder.widened(by: widthMultiplier) ?? encoder
    architecture = shortcut.flatMap(architecture.joined) ?? architecture
    architecture.zeroInitializesLastScale = zeroInitLastScale
    architecture.stem = stem ?? .cifar
    return architecture
  }

  /// The stem's name in files and on the command line.
  package var stemText: String { stem?.rawValue ?? "auto" }

  /// Sets the stem that suits the size of views, unless a stem was given.
  package mutating func resolveStem(for viewSize: ImageSize) {
    stem = stem ?? .suiting(height: viewSize.height, width: viewSize.width)
  }

  /// The error for the first contradiction between these options; `nil` if there is none.
  var problem: RunError? {
    if shortcut == .zeroPadded, !encoder.offersZeroPadding {
      let others = ResNetArchitecture.names.filter { name in
        ResNetArchitecture(name: name)?.offersZeroPadding == true
      }
      return RunError(
        .usage, "--shortcut A: --model \(name) has only B",
        remedy: "leave the option out, or choose \(others.joined(separator: ", "))")
    }
    guard encoder.widened(by: widthMultiplier) == nil else { return nil }
    let widths = encoder.widths.map { width in "\(width)" }.joined(separator: ", ")
    return RunError(
      .usage,
      "--width-multiplier \(plain(widthMultiplier)): expected a factor that makes the widths of \(name) (\(widths)) multiples of \(ResNetArchitecture.widthUnit), such as 2"
    )
  }
}
