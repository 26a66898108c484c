import Foundation
import ImageCodecs
import Imaging
import KeyedRandomness
import Testing

/// Operations with fixed parameters against Pillow's results (scripts/make-imaging-fixtures.py).
struct PillowTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let augmentation: String
    let image: String
    let width: Int
    let height: Int
    let viewWidth: Int
    let viewHeight: Int
    let levels: Data

    var testDescription: String { "\(augmentation) of \(image) \(width)×\(height) → \(viewWidth)×\(viewHeight)" }
  }

  static let cases: [Case] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/pillow.json")
    guard let data = try? Data(contentsOf: file), let cases = try? JSONDecoder().decode([Case].self, from: data)
    else { return [] }
    return cases
  }()

  /// The script's `image`, which both sides compute.
  static func input(_ kind: String, width: Int, height: Int) -> RGBImage {
    let levels = (0..<width * height * 3).map { index in
      var hash = UInt32(truncatingIfNeeded: index) &* 0x9E37_79B9 &+ 2_166_136_261
      hash ^= hash >> 16
      hash = hash &* 0x7FEB_352D
      hash ^= hash >> 15
      hash = hash &* 0x846C_A68B
      let noise = Int((hash ^ (hash >> 16)) & 255)
      guard kind == "slopes" else { return UInt8(noise) }
      let (x, y, channel) = (index / 3 % width, index / 3 / width, index % 3)
      return UInt8(24 + (3 * x + 4 * y + 50 * channel * (channel + 1)) % 180 + noise % 24)
    }
    return RGBImage(width: width, height: height, samples: levels)
  }

  @Test func `the fixtures are found`() {
    #expect(Self.cases.count > 150)
  }

  /// Equal to the last bit but for the blur, which rounds sums of floats.
  @Test(arguments: cases) func `operations give Pillow's levels`(_ test: Case) throws {
    let image = Self.input(test.image, width: test.width, height: test.height)
    let found = viewImage(
      of: image, try Augmentation(test.augmentation), stream(0),
      size: ImageSize(width: test.viewWidth, height: test.viewHeight))
    let expected = [UInt8](test.levels)
    try #require(found.samples.count == expected.count)
    let differences = zip(found.samples, expected).map { one, other in abs(Int(one) - Int(other)) }
    #expect(differences.reduce(0, max) <= (test.augmentation.contains("blur") ? 1 : 0))
    #expect(differences.count { difference in difference > 0 } <= differences.count / 100)
  }
}
