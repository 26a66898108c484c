/// The memory strides of a view's elements in a batch: channels first (NCHW) or channels last (NHWC).
package struct ImageLayout: Sendable {
  /// The distance between neighboring channels of one pixel, in elements.
  package var channelStride: Int
  /// The distance between neighboring pixels of one channel, in elements.
  package var pixelStride: Int

  package init(channelStride: Int, pixelStride: Int) {
    self.channelStride = channelStride
    self.pixelStride = pixelStride
  }
}
