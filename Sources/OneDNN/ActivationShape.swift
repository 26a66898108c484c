/// The extents of a batch of feature maps and how they lie in memory.
///
/// Channels lie in blocks: `[image][channel / block][row][column][channel % block]`. With a block of 1 this is NCHW, with a block of all
/// channels NHWC, and with 16 or 8 what oneDNN's convolutions like best on CPUs with AVX-512 or AVX2.
public struct ActivationShape: Sendable, Hashable {
  /// The number of images (views) in the batch.
  public var batch: Int

  /// The number of channels, a multiple of ``channelBlock``.
  public var channels: Int

  /// The number of rows in pixels.
  public var height: Int

  /// The number of columns in pixels.
  public var width: Int

  /// The number of channels in a block of the layout.
  public var channelBlock: Int

  /// Describes a batch of feature maps.
  ///
  /// - Precondition: `channels` is a multiple of `channelBlock`.
  public init(batch: Int, channels: Int, height: Int, width: Int, channelBlock: Int) {
    precondition(channels.isMultiple(of: channelBlock), "\(channels) channels in blocks of \(channelBlock)")
    self.batch = batch
    self.channels = channels
    self.height = height
    self.width = width
    self.channelBlock = channelBlock
  }

  /// The number of elements of the whole batch.
  public var count: Int { batch * channels * height * width }

  /// The offset of `channel` at column 0 of one row of an image.
  public func offset(image: Int, channel: Int, row: Int) -> Int {
    (((image * (channels / channelBlock) + channel / channelBlock) * height + row) * width) * channelBlock
      + channel % channelBlock
  }

  /// The distance between two neighboring columns of one channel.
  public var columnStride: Int { channelBlock }
}
