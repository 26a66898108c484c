import ImageCodecs
import Testing

/// `--decode scaled`: a JPEG image at 1/2, 1/4 or 1/8 of its resolution has the mean of each square of its pixels.
struct ScaledDecodingTests {
  /// Compares a scaled image with the means over squares of the whole image as Pillow decodes it.
  ///
  /// Squares with a level that may have been cut off at 0 or 255 are left out, and those that reach beyond the image.
  private func compare(_ name: String, divisor: Int) throws -> (squares: Int, difference: Double) {
    let whole = try CodecsFixtures.expected(name)
    let target = ImageSize(
      width: (whole.width + divisor - 1) / divisor, height: (whole.height + divisor - 1) / divisor)
    let scaled = try RGBImage(decoding: CodecsFixtures.bytes(name), scaledFor: target)
    try #require(scaled.size == target)
    var (squares, difference) = (0, 0.0)
    for row in 0..<whole.height / divisor {
      for column in 0..<whole.width / divisor {
        var (sums, isCut) = ([0, 0, 0], false)
        for place in 0..<divisor * divisor {
          let (y, x) = (row * divisor + place / divisor, column * divisor + place % divisor)
          for channel in 0..<3 {
            let level = Int(whole.samples[3 * (y * whole.width + x) + channel])
            sums[channel] += level
            isCut = isCut || level == 0 || level == 255
          }
        }
        guard !isCut else { continue }
        squares += 1
        for channel in 0..<3 {
          let found = Double(scaled.samples[3 * (row * scaled.width + column) + channel])
          difference = max(difference, abs(found - Double(sums[channel]) / Double(divisor * divisor)))
        }
      }
    }
    return (squares, difference)
  }

  @Test(arguments: ["grey.jpg", "grey-progressive.jpg"], [2, 4, 8])
  func `gray images of lower resolution are means`(name: String, divisor: Int) throws {
    let (squares, difference) = try compare(name, divisor: divisor)
    #expect(squares == (37 / divisor) * (27 / divisor))
    // Half a level for the rounding of the mean, and half for that of the pixels.
    #expect(difference <= 1)
  }

  /// Luminance and color differences are rounded each, before and after.
  @Test(arguments: ["baseline-444.jpg", "progressive-444.jpg", "rgb.jpg"])
  func `color images of lower resolution are means`(name: String) throws {
    let (squares, difference) = try compare(name, divisor: 2)
    #expect(squares > 40)
    #expect(difference <= 3)
  }
}
