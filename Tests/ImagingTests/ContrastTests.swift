import ImageCodecs
import Imaging
import Testing

struct ContrastTests {
  @Test func `black, white and other samples are counted`() {
    let contrast = ImageContrast(of: RGBImage(width: 2, height: 1, samples: [0, 255, 7, 0, 255, 255]))
    #expect(contrast.sampleCount == 6 && contrast.blackCount == 2 && contrast.whiteCount == 3)
    #expect(contrast.whiteShare == 0.5 && !contrast.isBlank)
  }

  @Test func `an image of one color is blank`() {
    #expect(ImageContrast(of: constant(9, 80, 3)).isBlank)
    #expect(ImageContrast(of: constant(255, 255, 255)).isBlank)
    #expect(!ImageContrast(of: noise(width: 9, height: 9)).isBlank)
  }

  @Test func `gray of 16 bits is clipped to white, or scaled`() throws {
    let bytes = try CodecsFixtures.bytes("type0-depth16.png")
    let (clipped, scaled) = (try RGBImage(decoding: bytes), try RGBImage(decoding: bytes, sixteenBit: .scale))
    #expect(ImageContrast(of: clipped).whiteShare > 0.5)
    #expect(!ImageContrast(of: scaled).isBlank && ImageContrast(of: scaled).whiteShare < 0.1)
    // Other types are the same in both.
    for name in ["type2-depth16.png", "type4-depth16.png", "type0-depth8.png"] {
      let bytes = try CodecsFixtures.bytes(name)
      #expect(try RGBImage(decoding: bytes) == RGBImage(decoding: bytes, sixteenBit: .scale))
    }
  }
}
