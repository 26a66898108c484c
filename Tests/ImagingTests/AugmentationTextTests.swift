import Imaging
import Testing

struct AugmentationTextTests {
  private static let operations = [
    "resized-crop", "padded-crop", "center-crop", "resize", "flip", "jitter", "blur", "autoaugment",
    "random-operations", "shear-x", "shear-y", "translate-x", "translate-y", "rotate", "auto-contrast", "equalize",
    "invert", "posterize", "solarize", "solarize-add", "brightness", "contrast", "color", "sharpness", "hue",
    "grayscale", "cutout", "tensor-jitter", "tensor-grayscale",
  ]

  @Test func `every preset is listed and parsed`() throws {
    #expect(
      Augmentation.presets.map { preset in preset.name } == [
        "none", "supcontrast", "simclr", "autoaugment-cifar10", "autoaugment-imagenet", "randaugment",
        "stacked-randaugment", "crop-flip", "crop-flip-jitter",
      ])
    #expect(try Augmentation("none") == .none && Augmentation("crop-flip") == .cropFlip)
    #expect(try Augmentation("crop-flip-jitter") == .cropFlipJitter)
    #expect(Augmentation.none.isIdentity && !Augmentation.cropFlip.isIdentity)
  }

  @Test func `every name alone is its own description`() throws {
    for name in Self.operations + Augmentation.presets.map({ preset in preset.name }) {
      #expect(try Augmentation(name).description == name)
    }
  }

  @Test(arguments: [
    ("flip(probability=0.5)", "flip"),
    ("  flip ( probability = 0.25 ) +supcontrast", "flip(probability=0.25) + supcontrast"),
    ("resized-crop(area=0.2..1, ratio=3/4..4/3, filter=bicubic)", "resized-crop(area=0.2..1, filter=bicubic)"),
    ("jitter(hue=0, brightness=0.8)", "jitter(brightness=0.8, hue=0)"),
    ("rotate(degrees=10)", "rotate(degrees=10)"), ("rotate(degrees=10..10)", "rotate(degrees=10)"),
    ("rotate(degrees=-30..30)", "rotate"), ("cutout()", "cutout"),
    ("autoaugment(policy=svhn, levels=tensorflow)", "autoaugment(policy=svhn, levels=tensorflow)"),
    ("randaugment(operations=2, magnitude=9)", "randaugment(magnitude=9)"),
    ("stacked-randaugment(magnitude=4.5, operations=3)", "stacked-randaugment(operations=3, magnitude=4.5)"),
    ("flip + tensor-jitter(brightness=0.1)", "flip + tensor-jitter(brightness=0.1)"),
  ]) func `a text is described by its shortest form`(text: String, shortest: String) throws {
    let augmentation = try Augmentation(text)
    #expect(augmentation.description == shortest)
    #expect(try Augmentation(augmentation.description) == augmentation)
  }

  @Test(arguments: [
    ("equalise", "equalize"), ("posterise(bits=4)", "posterize(bits=4)"), ("solarise", "solarize"),
    ("solarise-add(addition=3)", "solarize-add(addition=3)"), ("colour(factor=0.5)", "color(factor=0.5)"),
    ("flip + greyscale", "flip + grayscale"), ("tensor-greyscale(probability=1)", "tensor-grayscale(probability=1)"),
    ("centre-crop", "center-crop"), ("blur(edge=grey)", "blur(edge=gray)"),
    ("centre-crop + colour + tensor-greyscale", "center-crop + color + tensor-grayscale"),
  ]) func `British spellings of version 0.1.0 are read`(text: String, current: String) throws {
    #expect(try Augmentation(text).description == current)
    #expect(try Augmentation(current).description == current)
  }

  @Test func `parameters tell augmentations apart`() throws {
    #expect(try Augmentation("randaugment(magnitude=9)") != Augmentation("randaugment"))
    #expect(try Augmentation("flip + cutout") != Augmentation("cutout + flip"))
  }

  @Test(arguments: [
    ("supcontrats", ["supcontrats", "did you mean supcontrast?", "none, supcontrast"]),
    ("equalizer", ["equalizer", "did you mean equalize?"]),
    ("flip + + cutout", ["empty element"]),
    ("", ["empty element"]),
    ("flip(probability=2)", ["flip", "probability=2", "a number from 0 to 1"]),
    ("flip(probability=nan)", ["probability=nan"]),
    ("flip(propability=1)", ["flip", "propability", "did you mean probability?"]),
    ("invert(level=1)", ["invert has no parameter level", "probability"]),
    ("none + flip", ["none"]),
    ("supcontrast(area=1)", ["supcontrast has no parameter area", "none"]),
    ("jitter(hue=0.6)", ["jitter", "hue=0.6", "from 0 to 0.5"]),
    ("jitter(hue=0x0.4)", ["jitter", "hue=0x0.4", "from 0 to 0.5"]),
    ("rotate(degrees=-30...30)", ["degrees=-30...30", "LEAST..MOST"]),
    ("resized-crop(area=1..0.2)", ["area=1..0.2", "LEAST..MOST"]),
    ("resized-crop(filter=lanczos)", ["filter=lanczos", "bilinear or bicubic"]),
    ("padded-crop(padding=1.5)", ["padding=1.5", "whole number"]),
    ("flip(probability=0.1, probability=0.2)", ["probability is given twice"]),
    ("flip(probability)", ["probability=…", "found no value"]),
    ("flip(probability=0.1", ["closing parenthesis", "flip"]),
    ("tensor-jitter + invert", ["invert after tensor-jitter", "put invert before"]),
    ("crop-flip-jitter + cutout", ["cutout after crop-flip-jitter"]),
  ]) func `errors name what is wrong`(text: String, named: [String]) {
    let error = #expect(throws: AugmentationError.self) { try Augmentation(text) }
    for part in named {
      #expect(error?.description.contains(part) == true, "\(error?.description ?? "") does not name \(part)")
    }
  }

  @Test func `help lists everything`() throws {
    let lines = Augmentation.help().split(separator: "\n").map(String.init)
    for name in Self.operations + Augmentation.presets.map({ preset in preset.name }) {
      #expect(lines.contains { line in line.hasPrefix("  \(name): ") }, "no \(name)")
    }
    #expect(lines.allSatisfy { line in line.count <= 120 })
    // What a preset consists of is an augmentation in itself.
    let chain = try #require(lines.first { line in line.contains("= resized-crop(area=0.2..1) + flip") })
    _ = try Augmentation(String(chain.drop { letter in letter != "=" }.dropFirst(2)))
  }
}
