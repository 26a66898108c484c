import Foundation
import ImageCodecs
import Imaging
import KeyedRandomness
import Testing

/// AutoAugment and RandAugment against their definitions: the tests draw what the operations draw, and make the same
/// image by single operations and plain loops.
struct PolicyTests {
  private struct Entry {
    let operation: String
    let probability: Float
    let level: Double

    init(_ text: Substring) throws {
      let parts = text.split(separator: " ")
      operation = String(parts[0])
      probability = try #require(Float(parts[1]))
      level = Double(parts[2]) ?? 0
    }
  }

  /// Makes pixel (x, y) that of `source(x, y)`, in numbers of columns and rows, rounded to the nearest.
  ///
  /// The map is linear. Its elements are rounded to 2⁻¹⁶ as Pillow's are: at a tie between two pixels that decides.
  private func moved(_ image: RGBImage, fill: UInt8, _ source: (Double, Double) -> (Double, Double)) -> RGBImage {
    func fixed(_ value: Double) -> Int { Int((value * 65536 + 0.5).rounded(.down)) }
    let (origin, right, down) = (source(0, 0), source(1, 0), source(0, 1))
    let across = (fixed(right.0 - origin.0), fixed(down.0 - origin.0), fixed(origin.0 + 0.5))
    let along = (fixed(right.1 - origin.1), fixed(down.1 - origin.1), fixed(origin.1 + 0.5))
    var result = image
    for y in 0..<image.height {
      for x in 0..<image.width {
        let column = (across.0 * x + across.1 * y + across.2) >> 16
        let row = (along.0 * x + along.1 * y + along.2) >> 16
        let isInside = (0..<image.width).contains(column) && (0..<image.height).contains(row)
        for channel in 0..<3 {
          result.samples[(y * image.width + x) * 3 + channel] =
            isInside ? image.samples[(row * image.width + column) * 3 + channel] : fill
        }
      }
    }
    return result
  }

  private func changed(_ image: RGBImage, _ text: String) throws -> RGBImage {
    viewImage(of: image, try Augmentation(text), stream(0))
  }

  /// Rotates counterclockwise about a point.
  private func turned(_ image: RGBImage, fill: UInt8, degrees: Double, about x: Double, _ y: Double) -> RGBImage {
    let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    return moved(image, fill: fill) { column, row in
      (x + c * (column - x) - s * (row - y), y + s * (column - x) + c * (row - y))
    }
  }

  private func withoutAmount(_ image: RGBImage, _ operation: String) throws -> RGBImage? {
    switch operation {
    case "AutoContrast": try changed(image, "auto-contrast")
    case "Equalize": try changed(image, "equalize")
    case "Invert": try changed(image, "invert")
    default: nil
    }
  }

  private static let blends = [
    "Color": "color", "Contrast": "contrast", "Brightness": "brightness", "Sharpness": "sharpness",
  ]

  /// The independent code: 11 marks, the amount uniform between two, rows first, a center of half the size and a half.
  private func binned(_ image: RGBImage, _ entry: Entry, _ draws: inout RandomStream) throws -> RGBImage {
    if let result = try withoutAmount(image, entry.operation) { return result }
    let (w, h) = (Double(image.width), Double(image.height))
    let (x, y) = (w / 2 + 0.5, h / 2 + 0.5)
    let u = Double(draws.nextUniform())
    func amount(_ marks: (Double, Double)) -> Double {
      let step = (marks.1 - marks.0) / 10
      return marks.0 + step * entry.level + step * u
    }
    switch entry.operation {
    case "ShearX": return moved(image, fill: 0) { c, r in (c, r + amount((-0.3, 0.3)) * (c - x)) }
    case "ShearY": return moved(image, fill: 0) { c, r in (c + amount((-0.3, 0.3)) * (r - y), r) }
    case "TranslateX": return moved(image, fill: 0) { c, r in (c + w * amount((-150.0 / 331, 150.0 / 331)), r) }
    case "TranslateY": return moved(image, fill: 0) { c, r in (c, r + h * amount((-150.0 / 331, 150.0 / 331))) }
    case "Rotate": return turned(image, fill: 0, degrees: -amount((-30, 30)), about: x, y)
    case "Solarize": return try changed(image, "solarize(threshold=\(amount((0, 256))))")
    case "Posterize": return try changed(image, "posterize(bits=\(Int(amount((4, 8)).rounded())))")
    default:
      let name = try #require(Self.blends[entry.operation])
      return try changed(image, "\(name)(factor=\(amount((0.1, 1.9))))")
    }
  }

  /// The official code: tenths of the largest amount, a random sign, gray.
  private func official(
    _ image: RGBImage, _ entry: Entry, cutout: Double, translation: Double, _ draws: inout RandomStream
  ) throws -> RGBImage {
    if let result = try withoutAmount(image, entry.operation) { return result }
    let share = entry.level / 10
    let (w, h) = (Double(image.width), Double(image.height))
    func signed(_ amount: Double) -> Double { draws.nextUniform() < 0.5 ? amount * share : -amount * share }
    switch entry.operation {
    case "ShearX":
      let factor = signed(0.3)
      return moved(image, fill: 128) { c, r in (c + factor * r, r) }
    case "ShearY":
      let factor = signed(0.3)
      return moved(image, fill: 128) { c, r in (c, r + factor * c) }
    case "TranslateX":
      let pixels = signed(translation)
      return moved(image, fill: 128) { c, r in (c + pixels, r) }
    case "TranslateY":
      let pixels = signed(translation)
      return moved(image, fill: 128) { c, r in (c, r + pixels) }
    case "Rotate": return turned(image, fill: 128, degrees: signed(30), about: (w - 1) / 2, (h - 1) / 2)
    case "Solarize": return try changed(image, "solarize(threshold=\(Int(share * 256)))")
    case "SolarizeAdd": return try changed(image, "solarize-add(addition=\(Int(share * 110)))")
    case "Posterize": return try changed(image, "posterize(bits=\(Int(share * 4)))")
    case "Contrast":
      // Not the mean luminance: the number of pixels divided by 256.
      let base = Float(Int(w * h / 256))
      var result = image
      result.samples = image.samples.map { level in
        UInt8(min(max(base + Float(0.1 + 1.8 * share) * (Float(level) - base), 0), 255))
      }
      return result
    case "Cutout":
      let reach = Int(share * cutout)
      let (row, column) = (draws.nextInteger(below: image.height), draws.nextInteger(below: image.width))
      var result = image
      for y in max(row - reach, 0)..<min(row + reach, image.height) {
        for x in max(column - reach, 0)..<min(column + reach, image.width) {
          for channel in 0..<3 { result.samples[(y * image.width + x) * 3 + channel] = 128 }
        }
      }
      return result
    default:
      let name = try #require(Self.blends[entry.operation])
      return try changed(image, "\(name)(factor=\(0.1 + 1.8 * share))")
    }
  }

  /// torchvision: a share of the largest amount, a random sign also of blends, black.
  private func torchvision(
    _ image: RGBImage, _ entry: Entry, top: Double, _ draws: inout RandomStream
  ) throws -> RGBImage {
    if let result = try withoutAmount(image, entry.operation) { return result }
    let share = entry.level / top
    let (w, h) = (Double(image.width), Double(image.height))
    func signed(_ amount: Double) -> Double { draws.nextUniform() < 0.5 ? amount * share : -amount * share }
    switch entry.operation {
    case "ShearX":
      let factor = signed(0.3)
      return moved(image, fill: 0) { c, r in (c + factor * (r + 0.5), r) }
    case "ShearY":
      let factor = signed(0.3)
      return moved(image, fill: 0) { c, r in (c, r + factor * (c + 0.5)) }
    case "TranslateX":
      let pixels = signed(150 / 331 * w).rounded(.towardZero)
      return moved(image, fill: 0) { c, r in (c - pixels, r) }
    case "TranslateY":
      let pixels = signed(150 / 331 * h).rounded(.towardZero)
      return moved(image, fill: 0) { c, r in (c, r - pixels) }
    case "Rotate": return turned(image, fill: 0, degrees: signed(30), about: (w - 1) / 2, (h - 1) / 2)
    case "Solarize": return try changed(image, "solarize(threshold=\(255 - 255 * share))")
    case "Posterize": return try changed(image, "posterize(bits=\(8 - Int((4 * share).rounded(.toNearestOrEven))))")
    default:
      let name = try #require(Self.blends[entry.operation])
      return try changed(image, "\(name)(factor=\(1 + signed(0.9)))")
    }
  }

  /// Fixed-point coordinates may round a few pixels to a neighbor.
  private func isAlike(_ first: RGBImage, _ second: RGBImage) -> Bool {
    zip(first.samples, second.samples).count { one, other in one != other } <= first.samples.count / 100
  }

  @Test(
    arguments: ["cifar10", "imagenet", "imagenet-v0", "svhn"], ["pytorch-auto-augment", "tensorflow", "torchvision"])
  func `AutoAugment applies the published pairs`(policy: String, levels: String) throws {
    // torchvision and the independent code have no operation to add to levels.
    guard policy != "imagenet-v0" || levels == "tensorflow" else { return }
    let lines = try #require(publishedPolicies[policy]).split(separator: "\n")
    #expect(lines.count == 25)
    let pairs = try lines.map { line in try line.split(separator: "|").map(Entry.init) }
    let augmentation = try Augmentation("autoaugment(policy=\(policy), levels=\(levels))")
    let image = noise(width: 32, height: 30)
    var chosen = Set<Int>()
    for index in 0..<400 {
      var draws = stream(index)
      let choice = draws.nextInteger(below: 25)
      chosen.insert(choice)
      var expected = image
      for entry in pairs[choice] where draws.nextUniform() < entry.probability {
        expected =
          switch levels {
          case "tensorflow": try official(expected, entry, cutout: 100, translation: 250, &draws)
          case "torchvision": try torchvision(expected, entry, top: 9, &draws)
          default: try binned(expected, entry, &draws)
          }
      }
      let found = viewImage(of: image, augmentation, stream(index))
      #expect(isAlike(found, expected), "\(lines[choice])")
    }
    #expect(chosen.count == 25)
  }

  @Test(arguments: [
    ("tensorflow", 0.0), ("tensorflow", 4), ("tensorflow", 10), ("torchvision", 9), ("torchvision", 30),
  ])
  func `RandAugment draws every operation at its magnitude`(levels: String, magnitude: Double) throws {
    let official = [
      "AutoContrast", "Equalize", "Invert", "Rotate", "Posterize", "Solarize", "Color", "Contrast", "Brightness",
      "Sharpness", "ShearX", "ShearY", "TranslateX", "TranslateY", "Cutout", "SolarizeAdd",
    ]
    let torchvision = [
      "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness",
      "Posterize", "Solarize", "AutoContrast", "Equalize",
    ]
    let names = levels == "tensorflow" ? official : torchvision
    let augmentation = try Augmentation(
      "random-operations(operations=2, magnitude=\(magnitude), levels=\(levels))")
    let image = noise(width: 32, height: 30)
    var chosen = Set<Int>()
    for index in 0..<300 {
      var draws = stream(index)
      var expected = image
      for _ in 0..<2 {
        let choice = draws.nextInteger(below: names.count + 1)
        chosen.insert(choice)
        guard choice < names.count else { continue }
        let entry = try Entry("\(names[choice]) 1 \(magnitude)")
        expected =
          try levels == "tensorflow"
          ? self.official(expected, entry, cutout: 40, translation: 100, &draws)
          : self.torchvision(expected, entry, top: 30, &draws)
      }
      #expect(isAlike(viewImage(of: image, augmentation, stream(index)), expected))
    }
    #expect(chosen.count == names.count + 1)
  }
}
