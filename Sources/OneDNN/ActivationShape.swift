/// The shape and memory layout of a batch of feature maps.
///
/// Channels are stored in blocks: `[image][channel / block][row][column][channel % block]`. A block of 1 gives NCHW, a
/// block of all channels NHWC; oneDNN's convolutions prefer blocks of 16 with AVX-512 and of 8 with AVX2.
public struct ActivationShape: Sendable, Hashable {
  /// The number of images (views) in the batch.
  public var batch: Int

  /// The number of channels, a multiple of ``channelBlock``.
  public var channels: Int

  /// The number of pixel rows.
  public var height: Int

  /// The number of pixel columns.
  public var width: Int

  /// The number of channels in a block.
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

  /// Returns the index of the element of `channel` at column 0 of a row of an image.
  public func offset(image: Int, channel: Int, row: Int) -> Int {
    (((image * (channels / channelBlock) + channel / channelBlock) * height + row) * width) * channelBlock
      + channel % channelBlock
  }

  /// The distance in elements between neighboring columns of one channel.
  public var columnStride: Int { channelBlock }
}
