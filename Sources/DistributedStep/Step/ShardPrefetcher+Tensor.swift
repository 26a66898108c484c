import DataLoading
import OneDNN

extension ShardPrefetcher {
  /// Makes the views of one shard and writes them to a tensor; see ``fill(_:_:)``.
  ///
  /// - Throws: The error of an image that cannot be read.
  func fill(_ views: Tensor, _ request: Request) throws {
    try unsafe views.withFloats { elements in
      var batch = unsafe elements.mutableSpan
      try fill(&batch, request)
    }
  }
}
