import DataLoading
import NeuralNet
import OneDNN

extension ResNet {
  /// The memory strides of a view in the encoder's input.
  package var viewLayout: ImageLayout {
    inputShape.channelBlock == 1
      ? ImageLayout(channelStride: inputShape.height * inputShape.width, pixelStride: 1)
      : ImageLayout(channelStride: 1, pixelStride: inputShape.channels)
  }
}
