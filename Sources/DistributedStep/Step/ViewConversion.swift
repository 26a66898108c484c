import DataLoading
import Imaging

/// The conversion of normalized views to another normalization, x · scale + shift for each channel, and to other
/// memory strides.
package struct ViewConversion {
  private var scales: [Float] = [1, 1, 1]
  private var shifts: [Float] = [0, 0, 0]

  /// Creates the conversion that keeps the normalization.
  package init() {}

  /// Creates the conversion between two normalizations; `nil` if they are the same.
  package init?(from own: ChannelNormalization, to other: ChannelNormalization) {
    guard own != other else { return nil }
    scales = zip(own.standardDeviation, other.standardDeviation).map { own, other in own / other }
    shifts = (0..<3).map { channel in (own.mean[channel] - other.mean[channel]) / other.standardDeviation[channel] }
  }

  /// Converts views of three channels.
  ///
  /// - Parameters:
  ///   - views: The views, one after another.
  ///   - layout: The memory strides of `views`.
  ///   - target: Receives the converted views.
  ///   - targetLayout: The memory strides of `target`.
  package func convert(
    _ views: Span<Float>, _ layout: ImageLayout, into target: inout MutableSpan<Float>, _ targetLayout: ImageLayout
  ) {
    let pixels = max(layout.channelStride, targetLayout.channelStride)
    for view in stride(from: 0, to: views.count, by: 3 * pixels) {
      for channel in 0..<3 {
        let (scale, shift) = (scales[channel], shifts[channel])
        for pixel in 0..<pixels {
          let place = view + channel * targetLayout.channelStride + pixel * targetLayout.pixelStride
          target[place] = views[view + channel * layout.channelStride + pixel * layout.pixelStride] * scale + shift
        }
      }
    }
  }
}
