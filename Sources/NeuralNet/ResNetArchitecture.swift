/// The architecture of a residual encoder.
public struct ResNetArchitecture: Sendable, Equatable {
  /// The branch of a residual block.
  public enum Block: Sendable {
    /// Two 3×3 convolutions (He and others 2015, figure 5, left).
    case basic
    /// 1×1, 3×3 with the stride, and 1×1 to four times the width (figure 5, right; the stride as in PyTorch's models and the SupCon codes).
    case bottleneck

    /// The ratio of output channels to the block's width.
    var expansion: Int {
      switch self {
      case .basic: 1
      case .bottleneck: 4
      }
    }
  }

  /// The shortcut of blocks whose input and output differ in shape.
  public enum Shortcut: String, Sendable, CaseIterable {
    /// Every second pixel, padded with channels of zeros: no parameters (He and others 2015, §4.1, option A).
    case zeroPadded = "A"
    /// A 1×1 convolution with normalization (option B).
    case projected = "B"
  }

  /// The layers before the blocks.
  public enum Stem: String, Sendable, CaseIterable {
    /// A 3×3 convolution of stride 1.
    case cifar
    /// A 7×7 convolution of stride 2 and the maximum over 3×3 pixels, again of stride 2 (He and others 2015, table 1).
    case imagenet

    /// The stem for views of a size unless another is requested: `cifar` up to 64 pixels.
    public static func suiting(height: Int, width: Int) -> Stem {
      max(height, width) <= 64 ? .cifar : .imagenet
    }
  }

  /// The name on the command line.
  public let name: String
  /// The kind of the blocks.
  public let block: Block
  /// The number of blocks of each group.
  public let blockCounts: [Int]
  /// The width of each group of blocks; every group but the first halves rows and columns.
  public private(set) var widths: [Int]
  /// The shortcut of blocks whose shapes differ.
  public private(set) var shortcut: Shortcut
  /// The layers before the blocks.
  public var stem = Stem.cifar
  /// True if each block's last BatchNorm scale is initialized to 0, so that the block starts as its shortcut (Goyal and others 2017, §5.1).
  public var zeroInitializesLastScale = false

  /// The number of pixels of a view's side for each pixel of the last activations: the product of all strides.
  public var stride: Int { (stem == .imagenet ? 4 : 1) << (blockCounts.count - 1) }

  private static let cifarDepths = [8, 14, 20, 32, 44, 56, 110, 1202]

  private static let others: [(depth: Int, block: Block, blockCounts: [Int])] = [
    (18, .basic, [2, 2, 2, 2]), (34, .basic, [3, 4, 6, 3]), (50, .bottleneck, [3, 4, 6, 3]),
    (101, .bottleneck, [3, 4, 23, 3]), (152, .bottleneck, [3, 8, 36, 3]), (200, .bottleneck, [3, 24, 36, 3]),
  ]

  /// The names that ``init(name:)`` knows.
  public static let names = (cifarDepths + others.map(\.depth)).map { depth in "resnet\(depth)" }

  /// The encoder of this name with the 3×3 stem, or `nil`.
  ///
  /// Depth 6n + 2 with widths 16, 32, 64 and n blocks in each group: the CIFAR ResNets (He and others 2015, §4.2). The others: the ImageNet
  /// ResNets (table 1; depth 200 as in He and others 2016, "Identity mappings", of which only the numbers of blocks are taken here).
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

  /// True if shortcuts without parameters are offered: only in the CIFAR ResNets.
  public var offersZeroPadding: Bool { widths.count == 3 }

  /// The same with another shortcut; `nil` if the blocks cannot be joined so.
  public func joined(by shortcut: Shortcut) -> ResNetArchitecture? {
    guard shortcut == .projected || offersZeroPadding else { return nil }
    var other = self
    other.shortcut = shortcut
    return other
  }

  /// The widths of the groups are multiples of this, the number of neighboring channels in memory.
  public static let widthUnit = 16

  /// The same with all widths multiplied; `nil` if one is then no multiple of ``widthUnit``.
  public func widened(by factor: Double) -> ResNetArchitecture? {
    let products = widths.map { width in Double(width) * factor }
    guard products.allSatisfy({ product in product >= 1 && product <= 65536 && product == product.rounded() }) else {
      return nil
    }
    var other = self
    other.widths = products.map { product in Int(product) }
    return other.widths.allSatisfy { width in width.isMultiple(of: Self.widthUnit) } ? other : nil
  }

  /// The number of features that the encoder computes for an image.
  public var representationWidth: Int { widths[widths.count - 1] * block.expansion }
}

// MARK: - Blocks

extension ResNetArchitecture {
  /// One convolution of a block; zeros around its input leave the size as the stride divides it, rounded up.
  struct BlockConvolution {
    /// Rows and columns of the filters, odd.
    let kernel: Int
    let stride: Int
    let outputChannels: Int
  }

  /// One residual block.
  struct BlockArchitecture {
    /// Its place in the network, such as `layer1.0`.
    let name: String
    let inputChannels: Int
    /// The convolutions around which the input is added back.
    let branch: [BlockConvolution]
    let outputChannels: Int
    /// By how much rows and columns shrink.
    let stride: Int
    /// The shortcut; `nil` if input and output have the same shape.
    let shortcut: Shortcut?

    /// The names of the branch's convolution at a place and of its normalization.
    func layerNames(at place: Int) -> (convolution: String, normalization: String) {
      ("encoder.\(name).conv\(place + 1)", "encoder.\(name).bn\(place + 1)")
    }

    /// The same of a projected shortcut.
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
