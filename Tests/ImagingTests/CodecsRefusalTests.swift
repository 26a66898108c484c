import ImageCodecs
import Imaging
import TestSupport
import Testing

/// Refusal of invalid files: the messages, and the validation of declared sizes before they are used.
struct CodecsRefusalTests {
  private func expectRefusal(
    _ bytes: [UInt8], naming parts: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = try #require(throws: ImageError.self, sourceLocation: sourceLocation) { try RGBImage(decoding: bytes) }
    for part in parts {
      #expect(error.description.contains(part), "\(error)", sourceLocation: sourceLocation)
    }
  }

  @Test func `files that are no images say what they are`() throws {
    try expectRefusal([], naming: "is empty", "JPEG, PNG")
    try expectRefusal(Array("GIF89a".utf8), naming: "cut off")
    // Without libwebp no part of the file is read.
    let decodesWebP = ImageFileKind(ending: "webp") == .decodable(.webP)
    try expectRefusal(Array("RIFF1234WEBPVP8 ".utf8), naming: decodesWebP ? "cut off" : "install libwebp7")
    try expectRefusal(Array("\0\0\0 ftypavif".utf8), naming: "is AVIF, which is not decoded here", "convert it")
    try expectRefusal(Array("\0\0\0 ftypheic".utf8), naming: "is HEIC")
    try expectRefusal(Array("8BPS\0\u{1}".utf8), naming: "is Photoshop")
    try expectRefusal(Array("version https://git-lfs.github.com/spec/v1".utf8), naming: "git lfs pull")
    try expectRefusal(Array("<!DOCTYPE html>".utf8), naming: "is an HTML page; expected a JPEG")
    for (start, title) in [
      ([0x50, 0x4B, 3, 4], "a ZIP archive"), ([0x50, 0x4B, 5, 6], "an empty ZIP archive"),
      ([0x1F, 0x8B, 8], "a gzip archive"), (Array("BZh9".utf8), "a bzip2 archive"),
      (Array("Rar!".utf8), "a RAR archive"), (Array("%PDF-1".utf8), "a PDF file"),
    ] as [([UInt8], String)] {
      // The name of the file may say so too.
      let error = try #require(throws: ImageError.self) { try RGBImage(decoding: start + [0, 0, 0, 0]) }
      #expect(error.description.hasPrefix("is \(title); expected a JPEG"), "\(error)")
      #expect(!error.description.contains("name"), "\(error)")
    }
    try expectRefusal([0, 1, 2], naming: "begins with the bytes 00 01 02")
    try expectRefusal([0xFF], naming: "ff")
  }

  @Test(arguments: CodecsFixtures.names(".jpg").filter { name in name != "bytes-behind-end.jpg" })
  func `a JPEG cut off anywhere is refused unless all pixels are there`(name: String) throws {
    let bytes = try CodecsFixtures.bytes(name)
    let whole = try RGBImage(decoding: bytes)
    for end in 0..<bytes.count - 8 {
      #expect(throws: ImageError.self, "\(end) of \(bytes.count)") { try RGBImage(decoding: Array(bytes[..<end])) }
    }
    for end in bytes.count - 8..<bytes.count {
      if let found = try? RGBImage(decoding: Array(bytes[..<end])) {
        #expect(found == whole, "\(end) of \(bytes.count)")
      }
    }
  }

  @Test(arguments: ["baseline-420.jpg", "baseline-444.jpg", "grey.jpg", "cmyk.jpg", "restarts.jpg"])
  func `JPEG that lacks nothing but its end is decoded`(name: String) throws {
    let bytes = try CodecsFixtures.bytes(name)
    #expect(try RGBImage(decoding: Array(bytes.dropLast(2))) == RGBImage(decoding: bytes))
    #expect(try RGBImage(decoding: Array(bytes.dropLast(1))) == RGBImage(decoding: bytes))
  }

  @Test func `progressive JPEG without its end is refused, since scans may be missing`() throws {
    try expectRefusal(Array(try CodecsFixtures.bytes("progressive-420.jpg").dropLast(2)), naming: "end-of-image marker")
  }

  @Test(
    arguments: CodecsFixtures.decodableNames.filter { name in
      [".bmp", ".gif", ".webp", ".tif"].contains { ending in name.hasSuffix(ending) }
    })
  func `other images that were cut off are refused, or whole`(name: String) throws {
    let bytes = try CodecsFixtures.bytes(name)
    let whole = try RGBImage(decoding: bytes)
    var refused = 0
    for end in 0..<bytes.count {
      do throws(ImageError) {
        let found = try RGBImage(decoding: Array(bytes[..<end]))
        // Later pages, frames and tags may be missing.
        #expect(
          found.samples.count == whole.samples.count && Set(found.samples) == Set(whole.samples),
          "\(end) of \(bytes.count)")
      } catch {
        refused += 1
      }
    }
    #expect(refused > 20)
  }

  @Test(arguments: ["type2-depth8.png", "type3-depth4-interlaced.png", "type0-depth16.png", "type6-depth16.png"])
  func `a PNG cut off before the end of its pixels is refused`(name: String) throws {
    let bytes = try CodecsFixtures.bytes(name)
    for end in 0..<bytes.count - 12 {
      #expect(throws: ImageError.self, "\(end) of \(bytes.count)") { try RGBImage(decoding: Array(bytes[..<end])) }
    }
  }

  @Test(arguments: ["type2-depth8.png", "type3-depth4.png", "type0-depth16.png"])
  func `a PNG with any byte of header, palette or pixels changed is refused`(name: String) throws {
    let bytes = try CodecsFixtures.bytes(name)
    for place in 8..<bytes.count - 12 {
      var damaged = bytes
      damaged[place] ^= 0x10
      #expect(throws: ImageError.self, "byte \(place)") { try RGBImage(decoding: damaged) }
    }
  }

  @Test func `damaged codes of a JPEG are refused`() throws {
    var bytes = try CodecsFixtures.bytes("restarts.jpg")
    // A restart out of turn.
    let restart = try #require(
      bytes.indices.dropLast().first { index in bytes[index] == 0xFF && bytes[index + 1] == 0xD1 })
    bytes[restart + 1] = 0xD6
    try expectRefusal(bytes, naming: "is damaged", "RST1")
  }

  @Test func `a JPEG without a frame, without pixels, or of 12 bits is refused`() throws {
    try expectRefusal([0xFF, 0xD8, 0xFF, 0xD9], naming: "holds no pixels")
    try expectRefusal([0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 0xFF, 0xD9], naming: "scan before")
    var bytes = try CodecsFixtures.bytes("baseline-444.jpg")
    let frame = try startOfFrame(bytes)
    bytes[frame + 4] = 12
    try expectRefusal(bytes, naming: "12 bits")
    bytes[frame + 4] = 8
    bytes[frame + 9] = 2
    try expectRefusal(bytes, naming: "2 color components")
  }

  @Test func `impossible sizes are refused`() throws {
    var jpeg = try CodecsFixtures.bytes("baseline-444.jpg")
    let frame = try startOfFrame(jpeg)
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xFF, 0xFF, 0xFF])
    try expectRefusal(jpeg, naming: "65535×65535", "limit of 178956970")
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x20, 0, 0x20, 0])
    try expectRefusal(jpeg, naming: "8192×8192", "too few bytes")
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0, 0, 0x20, 0])
    try expectRefusal(jpeg, naming: "8192×0")

    func png(_ width: [UInt8], _ height: [UInt8]) throws -> [UInt8] {
      var bytes = try CodecsFixtures.bytes("type2-depth8.png")
      bytes.replaceSubrange(16..<24, with: width + height)
      bytes.replaceSubrange(29..<33, with: Mutations.cyclicRedundancy(Array(bytes[12..<29])))
      return bytes
    }
    try expectRefusal(try png([0x7F, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF]), naming: "limit of 178956970")
    try expectRefusal(try png([0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 1]), naming: "4294967295×1", "limit")
    try expectRefusal(try png([0, 0, 0x20, 0], [0, 0, 0x20, 0]), naming: "8192×8192", "too few bytes")
    try expectRefusal(try png([0, 0, 0, 13], [0, 0, 0, 0]), naming: "13×0")
    try expectRefusal(try png([0, 0, 0, 13], [0, 0, 0, 12]), naming: "is damaged")
  }

  @Test func `PNG of unknown color types is refused`() throws {
    var bytes = try CodecsFixtures.bytes("type2-depth8.png")
    for (depth, type) in [(3, 0), (16, 3), (8, 5), (4, 2)] as [(UInt8, UInt8)] {
      (bytes[24], bytes[25]) = (depth, type)
      bytes.replaceSubrange(29..<33, with: Mutations.cyclicRedundancy(Array(bytes[12..<29])))
      try expectRefusal(bytes, naming: "color type \(type)", "\(depth) bits")
    }
    try expectRefusal(Array(bytes[..<33]), naming: "is damaged")
  }

  private func startOfFrame(_ bytes: [UInt8]) throws -> Int {
    try #require(bytes.indices.dropLast().first { index in bytes[index] == 0xFF && bytes[index + 1] == 0xC0 })
  }
}
