import Foundation
import ImageCodecs
import Imaging
import KeyedRandomness
import TestSupport
import Testing

/// The random parameters of color changes on levels; fixed streams, so that they pass or fail for ever.
struct JitterTests {
  /// A level of the first pixel of many views.
  private func levels(_ text: String, of image: RGBImage, channel: Int = 0, count: Int = 4000) throws -> [Int] {
    let augmentation = try Augmentation(text)
    let workspace = AugmentationWorkspace()
    return (0..<count).map { index in
      Int(viewImage(of: image, augmentation, stream(index), workspace).samples[channel])
    }
  }

  /// The histogram of levels over bins of equal width.
  private func histogram(_ levels: [Int], from least: Int, width: Int, bins: Int) -> [Int] {
    levels.reduce(into: [Int](repeating: 0, count: bins)) { counts, level in
      counts[min(max((level - least) / width, 0), bins - 1)] += 1
    }
  }

  @Test func `factors are uniform in 1 ± strength`() throws {
    let still = "brightness=0, contrast=0, saturation=0, hue=0, probability=1"
    func jitter(_ name: String) -> String {
      "jitter(\(still.replacing("\(name)=0", with: "\(name)=0.4")))"
    }
    // 100 f
    let bright = try levels(jitter("brightness"), of: constant(100, 100, 100))
    #expect(bright.allSatisfy { level in (59...140).contains(level) })
    #expect(chiSquare(histogram(bright, from: 60, width: 5, bins: 16)) < chiSquareLimit(degreesOfFreedom: 15))
    // 100 + 50 f
    let halves = RGBImage(width: 2, height: 1, samples: [150, 150, 150, 50, 50, 50])
    let contrast = try levels(jitter("contrast"), of: halves)
    #expect(contrast.allSatisfy { level in (129...170).contains(level) })
    #expect(chiSquare(histogram(contrast, from: 130, width: 5, bins: 8)) < chiSquareLimit(degreesOfFreedom: 7))
    // The luminance of (200, 50, 95) is 100: 100 + 100 f
    let saturation = try levels(jitter("saturation"), of: constant(200, 50, 95))
    #expect(saturation.allSatisfy { level in (159...240).contains(level) })
    #expect(chiSquare(histogram(saturation, from: 160, width: 8, bins: 10)) < chiSquareLimit(degreesOfFreedom: 9))
  }

  @Test func `factors never fall below 0`() throws {
    let levels = try levels(
      "jitter(brightness=3, contrast=0, saturation=0, hue=0, probability=1)", of: constant(50, 50, 50))
    #expect(levels.min() == 0 && levels.max() ?? 0 >= 198)
    #expect(chiSquare(histogram(levels, from: 0, width: 25, bins: 8)) < chiSquareLimit(degreesOfFreedom: 7))
  }

  /// Of 51 steps between −25.5 and 25.5 those to 0 are two.
  @Test func `hues move by up to the strength either way`() throws {
    let green = constant(0, 255, 0)
    var shifts: [[UInt8]: Int] = [:]
    for shift in -40...40 {
      let turn = (Double(shift) + (shift > 0 ? 0.5 : -0.5)) / 255
      shifts[viewImage(of: green, try Augmentation("hue(turn=\(turn))"), stream(0)).samples] = shift
    }
    let augmentation = try Augmentation("jitter(brightness=0, contrast=0, saturation=0, probability=1)")
    let found = try (0..<5100).map { index in
      try #require(shifts[viewImage(of: green, augmentation, stream(index)).samples])
    }
    #expect(found.allSatisfy { shift in abs(shift) <= 25 })
    #expect(abs(found.count { shift in shift == 0 } - 200) < 56)
    var counts = [Int](repeating: 0, count: 49)
    for shift in found where shift != 0 && abs(shift) < 25 {
      counts[shift + 24] += 1
    }
    counts.remove(at: 24)
    #expect(chiSquare(counts) < chiSquareLimit(degreesOfFreedom: 47))
  }

  /// The same draws as the jitter's, then its four changes in each of the 24 orders.
  @Test func `the order is one of 24, all equally likely`() throws {
    let image = noise(width: 6, height: 6)
    let augmentation = try Augmentation("jitter(probability=1)")
    var counts: [[Int]: Int] = [:]
    for index in 0..<720 {
      var draws = stream(index)
      _ = draws.nextUniform()
      var order = [0, 1, 2, 3]
      for last in [3, 2, 1] {
        order.swapAt(last, draws.nextInteger(below: last + 1))
      }
      func draw(_ least: Double, _ most: Double) -> Double { least + (most - least) * Double(draws.nextUniform()) }
      let changes = [
        "brightness(factor=\(draw(0.6, 1.4)))", "contrast(factor=\(draw(0.6, 1.4)))",
        "color(factor=\(draw(0.6, 1.4)))",
        "hue(turn=\(draw(-0.1, 0.1)))",
      ]
      let chain = order.map { place in changes[place] }.joined(separator: " + ")
      #expect(
        viewImage(of: image, augmentation, stream(index)) == viewImage(of: image, try Augmentation(chain), stream(0)))
      counts[order, default: 0] += 1
    }
    #expect(counts.count == 24)
    #expect(chiSquare(Array(counts.values)) < chiSquareLimit(degreesOfFreedom: 23))
  }

  @Test(arguments: [
    ("jitter", 0.8), ("grayscale", 0.2), ("blur(side=3, sigma=1)", 0.5), ("flip(probability=0.3)", 0.3),
    ("invert(probability=0.9)", 0.9), ("rotate(degrees=45, probability=0.1)", 0.1), ("cutout(probability=0)", 0),
  ]) func `the share of views that are changed`(text: String, probability: Double) throws {
    let image = noise(width: 8, height: 8)
    let augmentation = try Augmentation(text)
    let count = 3000
    let changed = (0..<count).count { index in viewImage(of: image, augmentation, stream(index)) != image }
    let deviation = (Double(count) * probability * (1 - probability)).squareRoot()
    #expect(abs(Double(changed) - Double(count) * probability) <= 4 * deviation)
  }

  /// A white line becomes the darker, the wider the blur.
  @Test func `the blur's width is uniform`() throws {
    let line = RGBImage(
      width: 19, height: 1, samples: (0..<57).map { place in place / 3 == 9 ? 255 : 0 })
    func level(_ sigma: Double) -> Double {
      255 / (-4...4).reduce(0) { sum, place in sum + exp(-Double(place * place) / (2 * sigma * sigma)) }
    }
    let edges = (0...5).map { edge in level(0.5 + 0.3 * Double(edge)) }
    let augmentation = try Augmentation("blur(sigma=0.5..2, side=9, probability=1)")
    var counts = [Int](repeating: 0, count: 5)
    for index in 0..<4000 {
      let found = Double(viewImage(of: line, augmentation, stream(index)).samples[27])
      #expect((edges[5] - 0.5...edges[0] + 0.5).contains(found))
      counts[min(max(edges.count { edge in edge > found } - 1, 0), 4)] += 1
    }
    // Levels are whole numbers: the bins' edges are not sharp.
    #expect(chiSquare(counts) < 3 * chiSquareLimit(degreesOfFreedom: 4))
  }
}
