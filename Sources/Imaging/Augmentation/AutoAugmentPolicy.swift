/// A policy found by AutoAugment: 25 pairs of operations, of which one random pair is applied to each view.
enum AutoAugmentPolicy: String, Sendable, CaseIterable {
  /// The paper's policy for CIFAR-10 (arXiv:1805.09501, table 7).
  case cifar10
  /// The paper's policy for ImageNet (table 9).
  case imagenet
  /// The first ImageNet policy of the official TensorFlow code (`policy_v0`), which the SupCon authors' code uses.
  case imagenetV0 = "imagenet-v0"
  /// The paper's policy for SVHN (Street View House Numbers, table 8).
  case svhn

  /// An operation, the probability of applying it, and its level (strength); operations without a magnitude have level
  /// 0.
  struct Entry: Sendable {
    let operation: ImageOperation
    let probability: Float
    let level: Double

    init(_ operation: ImageOperation, _ probability: Float, _ level: Double = 0) {
      self.operation = operation
      self.probability = probability
      self.level = level
    }
  }

  /// The 25 pairs of operations, of which one is applied to a view in the given order.
  var pairs: [(first: Entry, second: Entry)] {
    switch self {
    case .cifar10: Self.cifar10Pairs
    case .imagenet: Self.imagenetPairs
    case .imagenetV0: Self.imagenetV0Pairs
    case .svhn: Self.svhnPairs
    }
  }

  private static let cifar10Pairs: [(first: Entry, second: Entry)] = [
    (Entry(.invert, 0.1), Entry(.contrast, 0.2, 6)),
    (Entry(.rotate, 0.7, 2), Entry(.translateX, 0.3, 9)),
    (Entry(.sharpness, 0.8, 1), Entry(.sharpness, 0.9, 3)),
    (Entry(.shearY, 0.5, 8), Entry(.translateY, 0.7, 9)),
    (Entry(.autoContrast, 0.5), Entry(.equalize, 0.9)),
    (Entry(.shearY, 0.2, 7), Entry(.posterize, 0.3, 7)),
    (Entry(.color, 0.4, 3), Entry(.brightness, 0.6, 7)),
    (Entry(.sharpness, 0.3, 9), Entry(.brightness, 0.7, 9)),
    (Entry(.equalize, 0.6), Entry(.equalize, 0.5)),
    (Entry(.contrast, 0.6, 7), Entry(.sharpness, 0.6, 5)),
    (Entry(.color, 0.7, 7), Entry(.translateX, 0.5, 8)),
    (Entry(.equalize, 0.3), Entry(.autoContrast, 0.4)),
    (Entry(.translateY, 0.4, 3), Entry(.sharpness, 0.2, 6)),
    (Entry(.brightness, 0.9, 6), Entry(.color, 0.2, 8)),
    (Entry(.solarize, 0.5, 2), Entry(.invert, 0.0)),
    (Entry(.equalize, 0.2), Entry(.autoContrast, 0.6)),
    (Entry(.equalize, 0.2), Entry(.equalize, 0.6)),
    (Entry(.color, 0.9, 9), Entry(.equalize, 0.6)),
    (Entry(.autoContrast, 0.8), Entry(.solarize, 0.2, 8)),
    (Entry(.brightness, 0.1, 3), Entry(.color, 0.7, 0)),
    (Entry(.solarize, 0.4, 5), Entry(.autoContrast, 0.9)),
    (Entry(.translateY, 0.9, 9), Entry(.translateY, 0.7, 9)),
    (Entry(.autoContrast, 0.9), Entry(.solarize, 0.8, 3)),
    (Entry(.equalize, 0.8), Entry(.invert, 0.1)),
    (Entry(.translateY, 0.7, 9), Entry(.autoContrast, 0.9)),
  ]

  private static let imagenetPairs: [(first: Entry, second: Entry)] = [
    (Entry(.posterize, 0.4, 8), Entry(.rotate, 0.6, 9)),
    (Entry(.solarize, 0.6, 5), Entry(.autoContrast, 0.6)),
    (Entry(.equalize, 0.8), Entry(.equalize, 0.6)),
    (Entry(.posterize, 0.6, 7), Entry(.posterize, 0.6, 6)),
    (Entry(.equalize, 0.4), Entry(.solarize, 0.2, 4)),
    (Entry(.equalize, 0.4), Entry(.rotate, 0.8, 8)),
    (Entry(.solarize, 0.6, 3), Entry(.equalize, 0.6)),
    (Entry(.posterize, 0.8, 5), Entry(.equalize, 1.0)),
    (Entry(.rotate, 0.2, 3), Entry(.solarize, 0.6, 8)),
    (Entry(.equalize, 0.6), Entry(.posterize, 0.4, 6)),
    (Entry(.rotate, 0.8, 8), Entry(.color, 0.4, 0)),
    (Entry(.rotate, 0.4, 9), Entry(.equalize, 0.6)),
    (Entry(.equalize, 0.0), Entry(.equalize, 0.8)),
    (Entry(.invert, 0.6), Entry(.equalize, 1.0)),
    (Entry(.color, 0.6, 4), Entry(.contrast, 1.0, 8)),
    (Entry(.rotate, 0.8, 8), Entry(.color, 1.0, 2)),
    (Entry(.color, 0.8, 8), Entry(.solarize, 0.8, 7)),
    (Entry(.sharpness, 0.4, 7), Entry(.invert, 0.6)),
    (Entry(.shearX, 0.6, 5), Entry(.equalize, 1.0)),
    (Entry(.color, 0.4, 0), Entry(.equalize, 0.6)),
    (Entry(.equalize, 0.4), Entry(.solarize, 0.2, 4)),
    (Entry(.solarize, 0.6, 5), Entry(.autoContrast, 0.6)),
    (Entry(.invert, 0.6), Entry(.equalize, 1.0)),
    (Entry(.color, 0.6, 4), Entry(.contrast, 1.0, 8)),
    (Entry(.equalize, 0.8), Entry(.equalize, 0.6)),
  ]

  private static let imagenetV0Pairs: [(first: Entry, second: Entry)] = [
    (Entry(.equalize, 0.8), Entry(.shearY, 0.8, 4)),
    (Entry(.color, 0.4, 9), Entry(.equalize, 0.6)),
    (Entry(.color, 0.4, 1), Entry(.rotate, 0.6, 8)),
    (Entry(.solarize, 0.8, 3), Entry(.equalize, 0.4)),
    (Entry(.solarize, 0.4, 2), Entry(.solarize, 0.6, 2)),
    (Entry(.color, 0.2, 0), Entry(.equalize, 0.8)),
    (Entry(.equalize, 0.4), Entry(.solarizeAdd, 0.8, 3)),
    (Entry(.shearX, 0.2, 9), Entry(.rotate, 0.6, 8)),
    (Entry(.color, 0.6, 1), Entry(.equalize, 1.0)),
    (Entry(.invert, 0.4), Entry(.rotate, 0.6, 0)),
    (Entry(.equalize, 1.0), Entry(.shearY, 0.6, 3)),
    (Entry(.color, 0.4, 7), Entry(.equalize, 0.6)),
    (Entry(.posterize, 0.4, 6), Entry(.autoContrast, 0.4)),
    (Entry(.solarize, 0.6, 8), Entry(.color, 0.6, 9)),
    (Entry(.solarize, 0.2, 4), Entry(.rotate, 0.8, 9)),
    (Entry(.rotate, 1.0, 7), Entry(.translateY, 0.8, 9)),
    (Entry(.shearX, 0.0, 0), Entry(.solarize, 0.8, 4)),
    (Entry(.shearY, 0.8, 0), Entry(.color, 0.6, 4)),
    (Entry(.color, 1.0, 0), Entry(.rotate, 0.6, 2)),
    (Entry(.equalize, 0.8), Entry(.equalize, 0.0)),
    (Entry(.equalize, 1.0), Entry(.autoContrast, 0.6)),
    (Entry(.shearY, 0.4, 7), Entry(.solarizeAdd, 0.6, 7)),
    (Entry(.posterize, 0.8, 2), Entry(.solarize, 0.6, 10)),
    (Entry(.solarize, 0.6, 8), Entry(.equalize, 0.6)),
    (Entry(.color, 0.8, 6), Entry(.rotate, 0.4, 5)),
  ]

  private static let svhnPairs: [(first: Entry, second: Entry)] = [
    (Entry(.shearX, 0.9, 4), Entry(.invert, 0.2)),
    (Entry(.shearY, 0.9, 8), Entry(.invert, 0.7)),
    (Entry(.equalize, 0.6), Entry(.solarize, 0.6, 6)),
    (Entry(.invert, 0.9), Entry(.equalize, 0.6)),
    (Entry(.equalize, 0.6), Entry(.rotate, 0.9, 3)),
    (Entry(.shearX, 0.9, 4), Entry(.autoContrast, 0.8)),
    (Entry(.shearY, 0.9, 8), Entry(.invert, 0.4)),
    (Entry(.shearY, 0.9, 5), Entry(.solarize, 0.2, 6)),
    (Entry(.invert, 0.9), Entry(.autoContrast, 0.8)),
    (Entry(.equalize, 0.6), Entry(.rotate, 0.9, 3)),
    (Entry(.shearX, 0.9, 4), Entry(.solarize, 0.3, 3)),
    (Entry(.shearY, 0.8, 8), Entry(.invert, 0.7)),
    (Entry(.equalize, 0.9), Entry(.translateY, 0.6, 6)),
    (Entry(.invert, 0.9), Entry(.equalize, 0.6)),
    (Entry(.contrast, 0.3, 3), Entry(.rotate, 0.8, 4)),
    (Entry(.invert, 0.8), Entry(.translateY, 0.0, 2)),
    (Entry(.shearY, 0.7, 6), Entry(.solarize, 0.4, 8)),
    (Entry(.invert, 0.6), Entry(.rotate, 0.8, 4)),
    (Entry(.shearY, 0.3, 7), Entry(.translateX, 0.9, 3)),
    (Entry(.shearX, 0.1, 6), Entry(.invert, 0.6)),
    (Entry(.solarize, 0.7, 2), Entry(.translateY, 0.6, 7)),
    (Entry(.shearY, 0.8, 4), Entry(.invert, 0.8)),
    (Entry(.shearX, 0.7, 9), Entry(.translateY, 0.8, 3)),
    (Entry(.shearY, 0.8, 5), Entry(.autoContrast, 0.7)),
    (Entry(.shearX, 0.7, 2), Entry(.invert, 0.1)),
  ]
}
