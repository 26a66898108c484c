import Corruptions
import Foundation
import ImageCodecs
import Testing

/// The corruptions beside NumPy, SciPy and Pillow (scripts/make-corruption-fixtures.py), and what their definitions
/// imply.
struct CorruptionTests {
  /// A result of the script.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let corruption: String
    let side, severity, number, step: Int
    let samples: Data

    var testDescription: String { "\(corruption) \(side) \(severity)" }
  }

  static let cases: [Case] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "Fixtures/corruptions.json")
    let bytes = (try? Data(contentsOf: file)) ?? Data()
    return (try? JSONDecoder().decode([Case].self, from: bytes)) ?? []
  }()

  /// Slopes of color under a little noise, as the script computes them.
  static func image(_ side: Int) -> RGBImage {
    let samples = (0..<side * side * 3).map { index -> UInt8 in
      let noise = Int((UInt32(truncatingIfNeeded: index) &* 2_654_435_761 &+ 12_345) >> 27)
      let (channel, column, row) = (index % 3, index / 3 % side, index / 3 / side)
      let slope = (column * (channel + 2) * 96 + row * (5 - channel) * 64) / side
      return UInt8((slope + noise) % 256)
    }
    return RGBImage(width: side, height: side, samples: samples)
  }

  /// An image of one level.
  private static func uniform(_ level: UInt8) -> RGBImage {
    RGBImage(width: 32, height: 32, samples: Array(repeating: level, count: 3072))
  }

  private func maker(_ corruption: Corruption, _ severity: Int, side: Int = 32) throws -> CorruptionMaker {
    CorruptionMaker(corruption, severity: severity, try #require(CorruptionForm(width: side, height: side)))
  }

  @Test(arguments: Corruption.allCases)
  func `pixels are those of the reference, to a level`(_ corruption: Corruption) throws {
    let own = Self.cases.filter { one in one.corruption == corruption.rawValue }
    #expect(own.count == 12)
    for one in own {
      let image = try maker(corruption, one.severity, side: one.side).corrupted(
        Self.image(one.side), number: one.number)
      let samples = stride(from: 0, to: image.samples.count, by: one.step).map { index in image.samples[index] }
      try #require(samples.count == one.samples.count)
      let distances = zip(samples, one.samples).map { sample, expected in abs(Int(sample) - Int(expected)) }
      // Sums in another order may fall on the other side of a whole level.
      #expect(distances.max() ?? 255 <= 1, "\(one.testDescription)")
      #expect(distances.count { distance in distance > 0 } <= distances.count / 50, "\(one.testDescription)")
    }
  }

  @Test func `JPEG and pixelate are Pillow's bytes`() throws {
    for one in Self.cases where ["jpeg_compression", "pixelate"].contains(one.corruption) {
      let corruption = try #require(Corruption(rawValue: one.corruption))
      let image = try maker(corruption, one.severity, side: one.side).corrupted(Self.image(one.side), number: 0)
      #expect(
        stride(from: 0, to: image.samples.count, by: one.step).map { index in image.samples[index] }
          == Array(one.samples), "\(one.testDescription)")
    }
  }

  @Test func `there are fourteen, frost is missing, and only sizes with published parameters have a form`() {
    #expect(Corruption.allCases.count == 14)
    #expect(!Corruption.allCases.map(\.rawValue).contains(Corruption.missing))
    #expect(CorruptionForm.all.map(\.side) == [32, 64, 224])
    for (width, height) in [(33, 33), (32, 64), (28, 28)] {
      #expect(CorruptionForm(width: width, height: height) == nil)
    }
  }

  @Test func `draws depend on number, severity and corruption alone`() throws {
    let clean = Self.image(32)
    for corruption in [
      Corruption.gaussianNoise, .shotNoise, .impulseNoise, .glassBlur, .motionBlur, .snow, .fog, .elasticTransform,
    ] {
      let maker = try maker(corruption, 3)
      let first = try maker.corrupted(clean, number: 5)
      #expect(try maker.corrupted(clean, number: 5) == first, "\(corruption)")
      #expect(try maker.corrupted(clean, number: 6) != first, "\(corruption)")
    }
  }

  @Test func `noise has the moments of its distribution`() throws {
    func moments(_ corruption: Corruption, _ severity: Int, level: UInt8) throws -> (mean: Double, deviation: Double) {
      let maker = try maker(corruption, severity)
      let samples = try (0..<40).flatMap { number in
        try maker.corrupted(Self.uniform(level), number: number).samples.map { sample in Double(sample) / 255 }
      }
      let mean = samples.reduce(0, +) / Double(samples.count)
      let square = samples.reduce(0) { sum, sample in sum + (sample - mean) * (sample - mean) }
      return (mean, (square / Double(samples.count)).squareRoot())
    }
    // Rounding down takes half a level.
    let gaussian = try moments(.gaussianNoise, 4, level: 128)
    #expect(abs(gaussian.mean - 127.5 / 255) < 0.002 && abs(gaussian.deviation - 0.1) < 0.001)
    // A count of mean λ = x c has the variance λ.
    let shot = try moments(.shotNoise, 4, level: 102)
    #expect(abs(shot.mean - 101.5 / 255) < 0.002 && abs(shot.deviation - (0.4 / 50).squareRoot()) < 0.001)
    #expect(try moments(.shotNoise, 4, level: 0).mean == 0)
    // Half of 7 % black, half full.
    let impulse = try maker(.impulseNoise, 4)
    let samples = try (0..<40).flatMap { number in try impulse.corrupted(Self.uniform(100), number: number).samples }
    for level: UInt8 in [0, 255] {
      let share = Double(samples.count { sample in sample == level }) / Double(samples.count)
      #expect(abs(share - 0.035) < 0.0015)
    }
    #expect(Set(samples) == [0, 100, 255])
  }

  @Test func `what has no structure stays without`() throws {
    for corruption in [
      Corruption.defocusBlur, .glassBlur, .motionBlur, .zoomBlur, .contrast, .elasticTransform, .pixelate,
    ] {
      for severity in 0..<Corruption.severityCount {
        let samples = try maker(corruption, severity).corrupted(Self.uniform(90), number: severity).samples
        // Weights whose sum is a rounding below 1 lose a level.
        #expect(samples.allSatisfy { sample in (89...90).contains(sample) }, "\(corruption) \(severity)")
      }
    }
  }

  @Test func `glass gives every pixel a color from nearby`() throws {
    // The blurs of the first severity are too narrow to change a level.
    let image = Self.image(32)
    let glass = try maker(.glassBlur, 0).corrupted(image, number: 9)
    func color(_ image: RGBImage, _ row: Int, _ column: Int) -> [UInt8] {
      Array(image.samples[3 * (32 * row + column)..<3 * (32 * row + column) + 3])
    }
    var changed = 0
    for row in 0..<32 {
      for column in 0..<32 {
        let own = color(glass, row, column)
        let near = (max(row - 1, 0)...row).flatMap { row in (max(column - 1, 0)...column).map { color(image, row, $0) }
        }
        #expect(near.contains(own), "\(row) \(column)")
        changed += own == color(image, row, column) ? 0 : 1
      }
    }
    #expect(changed > 500)
  }

  @Test func `higher severities change more`() throws {
    let clean = Self.image(32)
    for corruption in [
      Corruption.gaussianNoise, .shotNoise, .impulseNoise, .defocusBlur, .zoomBlur, .brightness, .contrast, .pixelate,
      .jpegCompression,
    ] {
      let changes = try (0..<Corruption.severityCount).map { severity in
        zip(try maker(corruption, severity).corrupted(clean, number: 0).samples, clean.samples)
          .reduce(0) { sum, pair in sum + abs(Int(pair.0) - Int(pair.1)) }
      }
      #expect(changes == changes.sorted() && Set(changes).count == 5, "\(corruption): \(changes)")
    }
  }
}
