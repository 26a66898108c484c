/// The architecture of a residual encoder with basic blocks.
public struct ResNetArchitecture: Sendable, Equatable {
  /// How a block's input reaches its sum where the shapes differ.
  public enum Shortcut: Sendable {
    /// Every second pixel, channels of zeros beside: no parameters (He and others 2015, §4.1, option A).
    case zeroPadded
    /// A 1×1 convolution with normalisation (option B).
    case projected
  }

  /// The name on the command line.
  public let name: String
  /// The width of each group of blocks; every group but the first halves rows and columns.
  public let widths: [Int]
  /// How many blocks each group has.
  public let blocksPerGroup: Int
  /// What joins the groups.
  public let shortcut: Shortcut

  /// The names that ``init(name:)`` knows.
  public static let names = [20, 32, 44, 56, 110, 18].map { depth in "resnet\(depth)" }

  /// The encoder of this name, or `nil`.
  ///
  /// `resnet18` is the ImageNet model of that depth (He and others 2015, table 1); the others are the CIFAR ResNets of depth 6n + 2, n
  /// blocks in each of three groups (§4.2). All begin with a 3×3 convolution of stride 1, as is usual for images of up to 64 pixels.
  public init?(name: String) {
    guard Self.names.contains(name), let depth = Int(name.dropFirst("resnet".count)) else { return nil }
    self.name = name
    if depth == 18 {
      widths = [64, 128, 256, 512]
      blocksPerGroup = 2
      shortcut = .projected
    } else {
      widths = [16, 32, 64]
      blocksPerGroup = (depth - 2) / 6
      shortcut = .zeroPadded
    }
  }

  /// The number of features that the encoder gives for an image.
  public var representationWidth: Int { widths[widths.count - 1] }
}
