/// The memory strides, in elements, of one view's elements in a batch of views.
package struct ImageLayout: Sendable {
  /// The distance in elements between two channels of one pixel.
  package var channelStride: Int
  /// The distance in elements between neighboring pixels.
  package var pixelStride: Int

  package init(channelStride: Int, pixelStride: Int) {
    self.channelStride = channelStride
    self.pixelStride = pixelStride
  }
}
