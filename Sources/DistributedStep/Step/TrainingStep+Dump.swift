import Configuration
import DataLoading
import Datasets
import ImageCodecs
import Imaging
import Job
import Losses
import MPI
import NeuralNet

extension TrainingStep {
  /// Returns the views, activations and gradients of the last step, which used `batch`, for all shards in order.
  ///
  /// Collective. The views are made again, with the same values.
  func dumpedContent(
    of batch: GlobalBatch, over world: borrowing Communicator
  ) throws -> (images: [RGBImage], arrays: [DumpedArray]) {
    let partition = partition(of: batch)
    let rowsPerShard = configuration.batches.shardSize * configuration.views.count
    let rowCount = partition.globalBatchSize * configuration.views.count
    func gathered<Element: MPIElement>(_ own: [Element], perShard count: Int) throws -> [Element] {
      var all = [Element](repeating: .zero, count: count * partition.shardCount)
      try world.allGather(own.span, counts: partition.shards.ranges.map { shards in shards.count * count }, into: &all)
      return all
    }

    let owned = partition.shards[world.rank]
    let samples = Array(batch.samples)
    let order = configuration.rowOrder
    var arrays = [
      DumpedArray(name: "samples", shape: [samples.count], elements: .integers(samples)),
      DumpedArray(
        name: "labels", shape: [rowCount],
        elements: .integers(
          (0..<rowCount).map { row in Int32(dataset.label(at: Int(samples[order.sample(ofRow: row)]))) })),
    ]
    if let loss = partition.loss {
      let losses = try gathered(loss.anchorLosses, perShard: rowsPerShard)
      arrays.append(DumpedArray(name: "anchor-losses", shape: [rowCount], elements: .doubles(losses)))
    }
    for (name, own, perShard) in workers.dumpedRows(owned.count) {
      let all = try gathered(own, perShard: perShard)
      arrays.append(DumpedArray(name: name, shape: [rowCount, all.count / rowCount], elements: .floats(all)))
    }
    for slice in workers.layout.parameters.slices {
      arrays.append(
        DumpedArray(name: "gradients/\(slice.name)", shape: slice.shape, elements: .floats(reduced(slice.range)))
      )
    }

    let size = configuration.trainingViewSize(of: dataset)
    let (width, height) = (size.width * configuration.batches.shardSize, size.height * configuration.views.count)
    let ownBytes = try world.throwingTogether {
      try requests(of: batch, owned).flatMap { request in try sheet(request, size).samples }
    }
    let bytes = try gathered(ownBytes, perShard: 3 * width * height)
    let images = (0..<partition.shardCount).map { shard in
      RGBImage(
        width: width, height: height,
        samples: Array(bytes[shard * 3 * width * height..<(shard + 1) * 3 * width * height]))
    }
    return (images, arrays)
  }

  /// Returns one image of all views of a shard, as the encoder receives them but without normalization.
  private func sheet(_ request: ShardPrefetcher.Request, _ size: ImageSize) throws -> RGBImage {
    let elements = 3 * size.pixelCount
    var views = [Float](repeating: 0, count: configuration.batches.shardSize * configuration.views.count * elements)
    var span = views.mutableSpan
    try loader.fill(&span, request)
    let layout = workers.viewLayout
    let normalization = dataset.normalization
    var canvas = Canvas(
      width: size.width * configuration.batches.shardSize, height: size.height * configuration.views.count)
    for row in 0..<configuration.batches.shardSize * configuration.views.count {
      var image = RGBImage(width: size.width, height: size.height, samples: [UInt8](repeating: 0, count: elements))
      for pixel in 0..<size.pixelCount {
        for channel in 0..<3 {
          let level =
            views[row * elements + channel * layout.channelStride + pixel * layout.pixelStride]
            * normalization.standardDeviation[channel] + normalization.mean[channel]
          image.samples[3 * pixel + channel] = UInt8(min(max((level * 255).rounded(), 0), 255))
        }
      }
      canvas.draw(
        image, left: row % configuration.batches.shardSize * size.width,
        top: row / configuration.batches.shardSize * size.height)
    }
    return canvas.image
  }
}
