import ImageCodecs
import Imaging
import Testing

/// Decoding as Pillow does it: its own numbers are stored beside each image.
struct CodecsTests {
  @Test(arguments: CodecsFixtures.names(".png"))
  func `PNG is exact`(name: String) throws {
    let found = try RGBImage(decoding: CodecsFixtures.bytes(name))
    let expected = try CodecsFixtures.expected(name)
    #expect(found.size == expected.size)
    // The one exception is stated where it is made: transparent colors of 16 bits.
    let tolerance = name.hasPrefix("semitransparent-depth16") ? 1 : 0
    #expect(largestDifference(found, expected) <= tolerance)
  }

  @Test(arguments: CodecsFixtures.names(".jpg"))
  func `JPEG is within a level of Pillow's`(name: String) throws {
    let found = try RGBImage(decoding: CodecsFixtures.bytes(name))
    let expected = try CodecsFixtures.expected(name)
    #expect(found.size == expected.size)
    #expect(largestDifference(found, expected) <= 1)
  }

  @Test(arguments: CodecsFixtures.names(".bmp") + CodecsFixtures.names(".gif"))
  func `BMP and the first frame of GIF are exact`(name: String) throws {
    let (found, expected) = (try RGBImage(decoding: CodecsFixtures.bytes(name)), try CodecsFixtures.expected(name))
    #expect(found.size == expected.size)
    #expect(largestDifference(found, expected) == 0)
  }

  @Test(.enabled(if: ImageFileKind(ending: "tif") == .decodable(.tiff)), arguments: CodecsFixtures.names(".tif"))
  func `TIFF without alpha is exact`(name: String) throws {
    let (found, expected) = (try RGBImage(decoding: CodecsFixtures.bytes(name)), try CodecsFixtures.expected(name))
    #expect(found.size == expected.size)
    #expect(largestDifference(found, expected) == 0)
  }

  /// Pillow's own libwebp may be another version.
  @Test(.enabled(if: ImageFileKind(ending: "webp") == .decodable(.webP)), arguments: CodecsFixtures.names(".webp"))
  func `lossless WebP is exact, lossy within two levels`(name: String) throws {
    let (found, expected) = (try RGBImage(decoding: CodecsFixtures.bytes(name)), try CodecsFixtures.expected(name))
    #expect(found.size == expected.size)
    #expect(largestDifference(found, expected) <= (name.hasPrefix("loss") && name.hasPrefix("lossless") ? 0 : 2))
  }

  @Test func `all kinds are among the fixtures`() {
    #expect(CodecsFixtures.names(".jpg").count >= 28)
    #expect(CodecsFixtures.names(".png").count >= 38)
    #expect(CodecsFixtures.names(".bmp").count >= 13)
    #expect(CodecsFixtures.names(".gif").count >= 8)
    #expect(CodecsFixtures.names(".tif").count >= 17)
    #expect(CodecsFixtures.names(".webp").count >= 6)
  }

  @Test(arguments: CodecsFixtures.decodableNames)
  func `the header tells the size of what is decoded`(name: String) throws {
    let bytes = try CodecsFixtures.bytes(name)
    let header = try ImageHeader(of: bytes.span)
    #expect(header.size == (try CodecsFixtures.expected(name)).size)
    let ending = try #require(name.split(separator: ".").last)
    #expect(ImageFileKind(ending: String(ending)) == .decodable(header.format))
  }

  @Test func `scaled decoding halves JPEG while it stays large enough`() throws {
    let bytes = try CodecsFixtures.bytes("large.jpg")  // 64×48
    func size(for width: Int, _ height: Int) throws -> ImageSize {
      try RGBImage(decoding: bytes, scaledFor: ImageSize(width: width, height: height)).size
    }
    #expect(try size(for: 8, 6) == ImageSize(width: 8, height: 6))
    #expect(try size(for: 8, 7) == ImageSize(width: 16, height: 12))
    #expect(try size(for: 17, 12) == ImageSize(width: 32, height: 24))
    #expect(try size(for: 33, 1) == ImageSize(width: 64, height: 48))
    #expect(try size(for: 100, 100) == ImageSize(width: 64, height: 48))
    // What is asked for is the turned image's: 19×12 is stored, 12×19 seen.
    let turned = try RGBImage(
      decoding: CodecsFixtures.bytes("orientation-6.jpg"), scaledFor: ImageSize(width: 6, height: 9))
    #expect(turned.size == ImageSize(width: 6, height: 10))
    // A halved image shows the same.
    let half = try RGBImage(decoding: bytes, scaledFor: ImageSize(width: 32, height: 24))
    let whole = try RGBImage(decoding: bytes)
    #expect(abs(mean(half) - mean(whole)) < 2)
  }

  @Test func `an image survives being written and read`() throws {
    for (width, height) in [(1, 1), (7, 3), (64, 48)] {
      let image = noise(width: width, height: height)
      #expect(try RGBImage(decoding: image.pngBytes()) == image)
    }
  }

  /// Pillow skips the name too.
  @Test func `EXIF of PNG may begin with the name of JPEG's segment`() throws {
    var bytes = try CodecsFixtures.bytes("orientation-8.png")
    let type = Array("eXIf".utf8)
    let place = try #require(bytes.indices.dropLast(4).first { index in Array(bytes[index..<index + 4]) == type })
    let name = Array("Exif\0\0".utf8)
    bytes[place - 1] += UInt8(name.count)
    bytes.insert(contentsOf: name, at: place + 4)
    #expect(try RGBImage(decoding: bytes) == CodecsFixtures.expected("orientation-8.png"))
  }

  @Test func `all orientations of eight pixels`() throws {
    let stored = RGBImage(
      width: 2, height: 3, samples: (0..<6).flatMap { pixel in [UInt8](repeating: pixel, count: 3) })
    // CIPA DC-008: what lies in the stored first row and column.
    let expected: [ImageOrientation: (ImageSize, [UInt8])] = [
      .upright: (ImageSize(width: 2, height: 3), [0, 1, 2, 3, 4, 5]),
      .mirrored: (ImageSize(width: 2, height: 3), [1, 0, 3, 2, 5, 4]),
      .turnedHalf: (ImageSize(width: 2, height: 3), [5, 4, 3, 2, 1, 0]),
      .flipped: (ImageSize(width: 2, height: 3), [4, 5, 2, 3, 0, 1]),
      .transposed: (ImageSize(width: 3, height: 2), [0, 2, 4, 1, 3, 5]),
      .turnedRight: (ImageSize(width: 3, height: 2), [4, 2, 0, 5, 3, 1]),
      .transversed: (ImageSize(width: 3, height: 2), [5, 3, 1, 4, 2, 0]),
      .turnedLeft: (ImageSize(width: 3, height: 2), [1, 3, 5, 0, 2, 4]),
    ]
    for orientation in ImageOrientation.allCases {
      let turned = orientation.applied(to: stored)
      let (size, pixels) = try #require(expected[orientation])
      #expect(turned.size == size)
      #expect(turned.samples == pixels.flatMap { pixel in [UInt8](repeating: pixel, count: 3) }, "\(orientation)")
    }
  }

  @Test func `gray of 16 bits is clipped to white, or scaled`() throws {
    let bytes = try CodecsFixtures.bytes("type0-depth16.png")
    let (clipped, scaled) = (try RGBImage(decoding: bytes), try RGBImage(decoding: bytes, sixteenBit: .scale))
    #expect(share(of: 255, in: clipped) > 0.5)
    #expect(share(of: 255, in: scaled) < 0.1 && share(of: 0, in: scaled) < 0.99 && Set(scaled.samples).count > 1)
    // Other types are the same in both.
    for name in ["type2-depth16.png", "type4-depth16.png", "type0-depth8.png"] {
      let bytes = try CodecsFixtures.bytes(name)
      #expect(try RGBImage(decoding: bytes) == RGBImage(decoding: bytes, sixteenBit: .scale))
    }
  }

  private func share(of level: UInt8, in image: RGBImage) -> Double {
    Double(image.samples.count { sample in sample == level }) / Double(image.samples.count)
  }

  private func largestDifference(_ first: RGBImage, _ second: RGBImage) -> Int {
    zip(first.samples, second.samples).map { one, other in abs(Int(one) - Int(other)) }.max() ?? 0
  }

  private func mean(_ image: RGBImage) -> Double {
    Double(image.samples.reduce(0) { sum, sample in sum + Int(sample) }) / Double(image.samples.count)
  }
}
