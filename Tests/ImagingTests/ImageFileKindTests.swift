import ImageCodecs
import Imaging
import Testing

struct ImageFileKindTests {
  @Test(arguments: [
    ("jpg", ImageFormat.jpeg), ("JPEG", .jpeg), ("jfif", .jpeg), ("jpe", .jpeg), ("Png", .png), ("bmp", .bmp),
    ("gif", .gif),
  ]) func `endings of decoded formats are known in any case`(ending: String, format: ImageFormat) {
    #expect(ImageFileKind(ending: ending) == .decodable(format))
    #expect(ImageFileKind.decodableEndings.contains(ending.lowercased()))
  }

  @Test(arguments: [("webp", ImageFormat.webP), ("tiff", .tiff)])
  func `formats of optional libraries are decoded or name the package`(ending: String, format: ImageFormat) {
    switch ImageFileKind(ending: ending) {
    case .decodable(let found): #expect(found == format)
    case .missingLibrary(let found, let package): #expect(found == format && package.hasPrefix("lib"))
    default: Issue.record("\(ending) is not known")
    }
  }

  @Test func `known images that are not decoded are named`() {
    #expect(ImageFileKind(ending: "HEIC") == .unsupported("HEIC"))
    #expect(ImageFileKind(ending: "avif") == .unsupported("AVIF"))
    #expect(ImageFileKind(ending: "txt") == nil && ImageFileKind(ending: "") == nil)
    #expect(Set(ImageFileKind.unsupportedEndings.keys).isDisjoint(with: ImageFormat.allCases.flatMap(\.endings)))
  }

  @Test(arguments: ImageFormat.allCases)
  func `the first bytes of every fixture name its format`(format: ImageFormat) throws {
    for name in format.endings.flatMap({ ending in CodecsFixtures.names("." + ending) }) {
      let start = Array(try CodecsFixtures.bytes(name).prefix(16))
      #expect(ImageFileKind(firstBytes: start.span) == ImageFileKind(ending: format.endings[0]), "\(name)")
    }
  }
}
