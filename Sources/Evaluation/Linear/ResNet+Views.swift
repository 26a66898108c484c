import DataLoading
import Datasets
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

extension ShardPrefetcher {
  /// Makes the views of one shard and writes them to a tensor; see ``fill(_:_:)``.
  package func fill(_ views: Tensor, _ request: Request) throws {
    try unsafe views.withFloats { elements in
      var batch = unsafe elements.mutableSpan
      try fill(&batch, request)
    }
  }
}
