import DataLoading
import Datasets
import NeuralNet
import OneDNN

extension ResNet {
  /// The memory layout in which the loader writes a view.
  package var viewLayout: ImageLayout {
    inputShape.channelBlock == 1
      ? ImageLayout(channelStride: inputShape.height * inputShape.width, pixelStride: 1)
      : ImageLayout(channelStride: 1, pixelStride: inputShape.channels)
  }
}

extension ShardPrefetcher {
  /// Fills the views of one shard; see ``fill(_:_:)``.
  package func fill(_ views: Tensor, _ request: Request) throws {
    try unsafe views.withFloats { elements in
      var batch = unsafe elements.mutableSpan
      try fill(&batch, request)
    }
  }
}
