/// The architecture of a residual encoder.
public struct ResNetArchitecture: Sendable, Equatable {
  /// The kind of a residual block's main branch.
  public enum Block: Sendable {
    /// Two 3×3 convolutions (He and others 2015, figure 5, left).
    case basic
    /// Three convolutions: 1×1, 3×3 with the stride, and 1×1 to four times the width (figure 5, right; with the stride
    /// at the position of PyTorch's models and the SupCon authors' code).
    case bottleneck

    /// The ratio of the number of output channels to the block's width.
    var expansion: Int {
      switch self {
      case .basic: 1
      case .bottleneck: 4
      }
    }
  }

  /// The kind of shortcut in blocks whose input and output differ in shape.
  public enum Shortcut: String, Sendable, CaseIterable {
    /// A selection of every second pixel, with channels of zeros added; no parameters (He and others 2015, option A).
    case zeroPadded = "A"
    /// A 1×1 convolution with normalization (option B).
    case projected = "B"
  }

  /// The kind of layers before the residual blocks.
  public enum Stem: String, Sendable, CaseIterable {
    /// A 3×3 convolution with stride 1.
    case cifar
    /// A 7×7 convolution with stride 2 and 3×3 max pooling with stride 2 (He and others 2015, table 1).
    case imagenet

    /// Returns the default stem for views of a size: `cifar` up to 64 pixels, else `imagenet`.
    public static func suiting(height: Int, width: Int) -> Stem {
      max(height, width) <= 64 ? .cifar : .imagenet
    }
  }

  /// The encoder's name on the command line.
  public let name: String
  /// The kind of residual blocks.
  public let block: Block
  /// The number of blocks in each group.
  public let blockCounts: [Int]
  /// The width (number of channels before expansion) of each group of blocks; every group but the first halves height
  /// and width.
  public private(set) var widths: [Int]
  /// The kind of shortcut in blocks whose input and output differ in shape.
  public private(set) var shortcut: Shortcut
  /// The kind of layers before the residual blocks.
  public var stem = Stem.cifar
  /// True if each block's last BatchNorm scale is initialized to 0, so that the block starts as its shortcut (Goyal and
  /// others 2017, §5.1).
  public var zeroInitializesLastScale = false

  /// The product of all strides: the side of a view divided by the side of the last feature maps.
  public var stride: Int { (stem == .imagenet ? 4 : 1) << (blockCounts.count - 1) }

  private static let cifarDepths = [8, 14, 20, 32, 44, 56, 110, 1202]

  private static let others: [(depth: Int, block: Block, blockCounts: [Int])] = [
    (18, .basic, [2, 2, 2, 2]), (34, .basic, [3, 4, 6, 3]), (50, .bottleneck, [3, 4, 6, 3]),
    (101, .bottleneck, [3, 4, 23, 3]), (152, .bottleneck, [3, 8, 36, 3]), (200, .bottleneck, [3, 24, 36, 3]),
  ]

  /// The names that ``init(name:)`` accepts.
  public static let names = (cifarDepths + others.map(\.depth)).map { depth in "resnet\(depth)" }

  /// Creates the encoder with a name, with the `cifar` stem; `nil` for an unknown name.
  ///
  /// Depths of the form 6n + 2 are the CIFAR ResNets, with widths 16, 32, 64 and n blocks per group (He and others
  /// 2015, §4.2). The others are the ImageNet ResNets (table 1; for depth 200 the numbers of blocks are those of He and
  /// others 2016, "Identity mappings").
  public init?(name: String) {
    guard Self.names.contains(name), let depth = Int(name.dropFirst("resnet".count)) else { return nil }
    self.init(depth: depth)
  }

  /// The default encoder: three groups of three blocks.
  public static let resnet20 = ResNetArchitecture(depth: 20)

  private init(depth: Int) {
    name = "resnet\(depth)"
    if let other = Self.others.first(where: { other in other.depth == depth }) {
      widths = [64, 128, 256, 512]
      block = other.block
      blockCounts = other.blockCounts
      shortcut = .projected
    } else {
      widths = [16, 32, 64]
      block = .basic
      blockCounts = Array(repeating: (depth - 2) / 6, count: 3)
      shortcut = .zeroPadded
    }
  }

  /// True if the shortcut ``Shortcut/zeroPadded`` is possible, which only the CIFAR ResNets have.
  public var offersZeroPadding: Bool { widths.count == 3 }

  /// Returns the same encoder with the given kind of shortcut; `nil` if the encoder does not offer it.
  public func joined(by shortcut: Shortcut) -> ResNetArchitecture? {
    guard shortcut == .projected || offersZeroPadding else { return nil }
    var other = self
    other.shortcut = shortcut
    return other
  }

  /// The divisor of all widths, so that channels can be stored in blocks of up to this number.
  public static let widthUnit = 16

  /// Returns the same encoder with all widths multiplied; `nil` if a width would not be a multiple of ``widthUnit``.
  public func widened(by factor: Double) -> ResNetArchitecture? {
    let products = widths.map { width in Double(width) * factor }
    guard products.allSatisfy({ product in product >= 1 && product <= 65536 && product == product.rounded() }) else {
      return nil
    }
    var other = self
    other.widths = products.map { product in Int(product) }
    return other.widths.allSatisfy { width in width.isMultiple(of: Self.widthUnit) } ? other : nil
  }

  /// The number of features in a representation.
  public var representationWidth: Int { widths[widths.count - 1] * block.expansion }
}

// MARK: - Blocks

extension ResNetArchitecture {
  /// One convolution of a block; its zero padding makes the output size the input size divided by the stride, rounded
  /// up.
  struct BlockConvolution {
    /// The height and width of the filters, an odd number.
    let kernel: Int
    let stride: Int
    let outputChannels: Int
  }

  /// The architecture of one residual block.
  struct BlockArchitecture {
    /// The block's name in the network, such as `layer1.0`.
    let name: String
    let inputChannels: Int
    /// The convolutions of the main branch.
    let branch: [BlockConvolution]
    let outputChannels: Int
    /// The factor by which height and width decrease.
    let stride: Int
    /// The shortcut; `nil` if input and output have the same shape.
    let shortcut: Shortcut?

    /// Returns the names of the branch's convolution at index `place` and of the normalization after it.
    func layerNames(at place: Int) -> (convolution: String, normalization: String) {
      ("encoder.\(name).conv\(place + 1)", "encoder.\(name).bn\(place + 1)")
    }

    /// The names of a projected shortcut's convolution and normalization.
    var shortcutNames: (convolution: String, normalization: String) {
      ("encoder.\(name).shortcut.0", "encoder.\(name).shortcut.1")
    }
  }

  /// The blocks in the order of the forward pass.
  var blocks: [BlockArchitecture] {
    var plans: [BlockArchitecture] = []
    var channels = widths[0]
    for (group, width) in widths.enumerated() {
      for index in 0..<blockCounts[group] {
        let stride = group > 0 && index == 0 ? 2 : 1
        let outputs = width * block.expansion
        let branch =
          switch block {
          case .basic:
            [
              BlockConvolution(kernel: 3, stride: stride, outputChannels: width),
              BlockConvolution(kernel: 3, stride: 1, outputChannels: outputs),
            ]
          case .bottleneck:
            [
              BlockConvolution(kernel: 1, stride: 1, outputChannels: width),
              BlockConvolution(kernel: 3, stride: stride, outputChannels: width),
              BlockConvolution(kernel: 1, stride: 1, outputChannels: outputs),
            ]
          }
        plans.append(
          BlockArchitecture(
            name: "layer\(group + 1).\(index)", inputChannels: channels, branch: branch, outputChannels: outputs,
            stride: stride, shortcut: stride > 1 || channels != outputs ? shortcut : nil))
        channels = outputs
      }
    }
    return plans
  }
}
