import ImageCodecs
import Imaging
import NeuralNet

/// The encoder.
package struct ModelOptions: Sendable, Equatable {
  /// The encoder of that name, before the options below.
  package var encoder = ResNetArchitecture.resnet20
  /// The input stem; `nil` for the one that suits the size of views.
  package var stem: ResNetArchitecture.Stem?
  /// The shortcut where shapes change; `nil` for the encoder's own.
  package var shortcut: ResNetArchitecture.Shortcut?
  /// The factor of the widths of all groups.
  package var widthMultiplier = 1.0
  /// True to initialize the last BatchNorm scale of each residual block to 0.
  package var zeroInitLastScale = false
  /// True to scale representations to unit length, before the head and in later stages.
  package var normalizeEncoder = false
  /// The run directory, or the file of an encoder, whose weights the encoder starts with; `nil` for random values.
  package var initialPath: String?

  /// The defaults.
  package init() {}

  /// The encoder's name.
  package var name: String { encoder.name }

  /// The architecture with all options applied; for a stem that is not resolved, that of views of up to 64 pixels.
  ///
  /// A width multiplier or shortcut that the encoder does not have (``problem``) is left out.
  package var architecture: ResNetArchitecture {
    var architecture = encoder.widened(by: widthMultiplier) ?? encoder
    architecture = shortcut.flatMap(architecture.joined) ?? architecture
    architecture.zeroInitializesLastScale = zeroInitLastScale
    architecture.stem = stem ?? .cifar
    return architecture
  }

  /// The text that `stem` has in files and on the command line.
  package var stemText: String { stem?.rawValue ?? "auto" }

  /// Resolves `auto` to the stem that suits the size of views.
  package mutating func resolveStem(for viewSize: ImageSize) {
    stem = stem ?? .suiting(height: viewSize.height, width: viewSize.width)
  }

  /// The first contradiction between these options, or `nil`.
  var problem: RunError? {
    if shortcut == .zeroPadded, !encoder.offersZeroPadding {
      let others = ResNetArchitecture.names.filter { name in
        ResNetArchitecture(name: name)?.offersZeroPadding == true
      }
      return RunError(
        .usage, "--shortcut A: --model \(name) has B alone",
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
