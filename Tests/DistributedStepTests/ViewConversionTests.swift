import DataLoading
import DistributedStep
import Imaging
import Testing

/// Views for a teacher whose images had another normalization, or whose encoder reads another memory layout.
struct ViewConversionTests {
  private static let own = ChannelNormalization(mean: [0.5, 0.25, 0.1], standardDeviation: [0.2, 0.25, 0.5])
  private static let other = ChannelNormalization(mean: [0.4, 0.5, 0.3], standardDeviation: [0.1, 0.5, 0.4])
  private static let planes = ImageLayout(channelStride: 4, pixelStride: 1)
  private static let pixels = ImageLayout(channelStride: 1, pixelStride: 3)

  /// Two views of 2 × 2 pixels from 0 to 1, normalized and laid out.
  private func views(_ normalization: ChannelNormalization, _ layout: ImageLayout) -> [Float] {
    var views = [Float](repeating: .nan, count: 24)
    for (view, channel, pixel) in (0..<2).flatMap({ view in
      (0..<3).flatMap { channel in (0..<4).map { pixel in (view, channel, pixel) } }
    }) {
      let level = Float((7 * view + 5 * channel + 3 * pixel) % 11) / 10
      views[12 * view + channel * layout.channelStride + pixel * layout.pixelStride] =
        (level - normalization.mean[channel]) / normalization.standardDeviation[channel]
    }
    return views
  }

  @Test func `converted views are those of the other normalization and layout`() throws {
    #expect(ViewConversion(from: Self.own, to: Self.own) == nil)
    let layouts = [Self.planes, Self.pixels]
    for (from, to) in layouts.flatMap({ from in layouts.map { to in (from, to) } }) {
      for (conversion, normalization) in [
        (try #require(ViewConversion(from: Self.own, to: Self.other)), Self.other), (ViewConversion(), Self.own),
      ] {
        var converted = [Float](repeating: .nan, count: 24)
        var target = converted.mutableSpan
        let source = views(Self.own, from)
        conversion.convert(source.span, from, into: &target, to)
        let expected = views(normalization, to)
        #expect(zip(converted, expected).allSatisfy { own, other in abs(own - other) < 1e-5 })
      }
    }
  }
}
