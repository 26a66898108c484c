extension Augmentation {
  /// The augmentation without operations, which only resizes and crops an image to the view's size if they differ.
  public static let none = Augmentation(steps: [])

  /// A random crop after padding by 4 pixels, and a random horizontal flip: the standard for CIFAR (He and others 2015,
  /// §4.2).
  public static let cropFlip = Augmentation(steps: [cropFlipPreset])

  /// The operations of ``cropFlip``, then color jitter of strength 0.4 with probability 0.8 and grayscale with
  /// probability 0.2, both on floats; the jitter has a fixed order and no hue change.
  public static let cropFlipJitter = Augmentation(steps: [cropFlipJitterPreset])

  private static let cropFlipPreset = Preset("crop-flip", "the standard for CIFAR: padded crop and flip") { _ in
    [PaddedCrop(), Flip()]
  }

  private static let cropFlipJitterPreset = Preset(
    "crop-flip-jitter", "the same, then SupContrast's jitter and grayscale on floats, in fixed order and without hue"
  ) { _ in
    [PaddedCrop(), Flip(), TensorJitter(), TensorGrayscale()]
  }

  /// The names of all presets, for completions.
  public static var presetNames: [String] { ["none"] + presetSteps.map(\.name) }

  /// All presets except `none`.
  static let presetSteps: [Preset] = [
    Preset(
      "supcontrast",
      "SupContrast (PyTorch): torchvision's crop and jitter on Pillow images, hue through Pillow's 8-bit HSV"
    ) { _ in
      var crop = ResizedCrop()
      crop.area.lower = 0.2
      return [crop, Flip(), ColorJitter(), RandomOperation(.grayscale)]
    },
    Preset(
      "simclr",
      "SimAugment of the official TensorFlow code with the jitter formulas of PyTorch, as its CIFAR scripts run it: "
        + "strength 0.5 and no blur; its ImageNet scripts': strength 1 and blur"
    ) { isSmall in
      [officialCrop(isSmall), Flip(), jitter(isSmall), RandomOperation(.grayscale)] + blur(isSmall)
    },
    Preset(
      "autoaugment-cifar10",
      "the independent code for ResNet-20 on CIFAR: padded crop, flip, AutoAugment's CIFAR-10 policy with amounts from bins "
        + "whose sign the level decides (the official code's is random), black outside the image; nearest "
        + "pixels, where that code has cubic splines"
    ) { _ in
      [PaddedCrop(), Flip(), AutoAugment()]
    },
    Preset(
      "autoaugment-imagenet",
      "the official TensorFlow code: its crop, flip, AutoAugment's policy v0 with random sign, mid gray outside the image"
    ) { _ in
      var policy = AutoAugment()
      policy.policy = .imagenetV0
      policy.levels = .tensorflow
      return [officialCrop(false), Flip(), policy]
    },
    Preset(
      randAugment: "randaugment",
      "the official TensorFlow code: its crop, flip, N times one of 16 operations or none with magnitude M of 10, mid gray "
        + "outside the image (torchvision's has 13 operations and M of 30). Its squares of 8 M and moves of 10 M pixels are "
        + "made for views of 224: small views want a smaller M"
    ) { isSmall, random in
      [officialCrop(isSmall), Flip(), random]
    },
    Preset(
      randAugment: "stacked-randaugment",
      "the official TensorFlow code: its crop, flip, SimAugment's jitter, RandAugment, grayscale and, for large views, blur"
    ) { isSmall, random in
      [officialCrop(isSmall), Flip(), jitter(isSmall), random, RandomOperation(.grayscale)] + blur(isSmall)
    },
    cropFlipPreset,
    cropFlipJitterPreset,
  ]

  private static func officialCrop(_ isSmall: Bool) -> ResizedCrop {
    var crop = ResizedCrop()
    crop.area.lower = isSmall ? 0.2 : 0.08
    crop.ratio.upper = 1.33
    crop.antialias = .no
    crop.sampling = .tensorflow
    return crop
  }

  private static func jitter(_ isSmall: Bool) -> ColorJitter {
    let strength = isSmall ? 0.4 : 0.8
    return ColorJitter(brightness: strength, contrast: strength, saturation: strength, hue: strength / 4)
  }

  private static func blur(_ isSmall: Bool) -> [any AugmentationStep] {
    guard !isSmall else { return [] }
    var blur = GaussianBlur()
    blur.edge = .gray
    return [blur]
  }
}
