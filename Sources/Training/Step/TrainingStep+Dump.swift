import Configuration
import Datasets
import Imaging
import Job
import Losses
import MPI
import NeuralNet

extension TrainingStep {
  /// What the last step, which took `batch`, saw and computed, for all shards in their order.
  ///
  /// Collective; the views are made once more, which changes none.
  func dumpedContent(
    of batch: GlobalBatch, over world: borrowing Communicator
  ) throws -> (images: [RGBImage], arrays: [DumpedArray]) {
    let plan = plan(of: batch)
    let rowsPerShard = configuration.shardSize * configuration.views
    let rowCount = plan.batchSize * configuration.views
    func gathered<Element: MPIElement>(_ own: [Element], perShard count: Int) throws -> [Element] {
      var all = [Element](repeating: .zero, count: count * plan.shardCount)
      try world.allGather(own.span, counts: plan.runs.runs.map { run in run.count * count }, into: &all)
      return all
    }

    let owned = plan.runs[world.rank]
    let samples = Array(batch.samples)
    let layout = configuration.rowOrder
    var arrays = [
      DumpedArray(name: "samples", shape: [samples.count], elements: .integers(samples)),
      DumpedArray(
        name: "labels", shape: [rowCount],
        elements: .integers(
          (0..<rowCount).map { row in Int32(dataset.label(at: Int(samples[layout.sample(ofRow: row)]))) })),
    ]
    if let loss = plan.loss {
      let losses = try gathered(loss.anchorLosses, perShard: rowsPerShard)
      arrays.append(DumpedArray(name: "anchor-losses", shape: [rowCount], elements: .doubles(losses)))
    }
    for (name, own, perShard) in shards.dumpedRows(owned.count) {
      let all = try gathered(own, perShard: perShard)
      arrays.append(DumpedArray(name: name, shape: [rowCount, all.count / rowCount], elements: .floats(all)))
    }
    for slice in shards.layout.parameters.slices {
      arrays.append(
        DumpedArray(name: "gradients/\(slice.name)", shape: slice.shape, elements: .floats(Array(reduced[slice.range])))
      )
    }

    let size = configuration.viewSize(of: dataset)
    let (width, height) = (size.width * configuration.shardSize, size.height * configuration.views)
    let ownBytes = try world.throwingTogether {
      try requests(of: batch, owned).flatMap { request in try sheet(request, size).samples }
    }
    let bytes = try gathered(ownBytes, perShard: 3 * width * height)
    let images = (0..<plan.shardCount).map { shard in
      RGBImage(
        width: width, height: height,
        samples: Array(bytes[shard * 3 * width * height..<(shard + 1) * 3 * width * height]))
    }
    return (images, arrays)
  }

  /// The views of one shard as the encoder sees them, the normalization undone.
  private func sheet(_ request: ShardPrefetcher.Request, _ size: ImageSize) throws -> RGBImage {
    let elements = 3 * size.pixelCount
    var views = [Float](repeating: 0, count: configuration.shardSize * configuration.views * elements)
    var span = views.mutableSpan
    try loader.fill(&span, request)
    let layout = shards.viewLayout
    let normalization = dataset.normalization
    var canvas = Canvas(width: size.width * configuration.shardSize, height: size.height * configuration.views)
    for row in 0..<configuration.shardSize * configuration.views {
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
        image, left: row % configuration.shardSize * size.width, top: row / configuration.shardSize * size.height)
    }
    return canvas.image
  }
}
