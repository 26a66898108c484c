/// The strides of one view's elements in a batch of views, in elements.
package struct ImageLayout: Sendable {
  /// The distance between the channels of a pixel.
  package var channelStride: Int
  /// The distance between neighboring pixels.
  package var pixelStride: Int

  package init(channelStride: Int, pixelStride: Int) {
    self.channelStride = channelStride
    self.pixelStride = pixelStride
  }
}
