import Configuration
import DataLoading
import Job
import Runs

extension TrainingStep {
  /// Times the segments of one shard's backward pass, for shards that do not share BatchNorm statistics.
  ///
  /// Not collective. The training step cannot continue afterwards, because the packed weights for both passes stay in
  /// memory.
  ///
  /// - Parameters:
  ///   - state: The parameters.
  ///   - batch: A batch whose first shard is computed.
  /// - Returns: The seconds after the start of the pass at which each segment (``segmentStarts``) is complete.
  /// - Throws: `DNNLError` if a primitive fails.
  package func segmentSeconds(_ state: TrainingState, _ batch: GlobalBatch) throws -> [Double] {
    let views = requests(of: batch, 0..<1)
    let parameters = state.parameters
    let partition = partition(of: batch)
    var seconds = [Double](repeating: 0, count: segmentStarts.count)
    let pass = workers.compute(1, parameters: parameters) { [self] model, shard, index in
      try loader.fill(model.encoder.views, views[index])
      try model.forward(shard, parameters: parameters)
      _ = model.crossEntropy(of: shard, labels: labels(ofRows: views[index]), weight: crossEntropyWeight(partition))
      try partition.reduction.withSegment { segment in
        let start = ProcessMeasurements.now()
        try model.backward(shard, parameters: parameters, into: &segment) { [segmentStarts] range, _ in
          if let index = segmentStarts.firstIndex(of: range.lowerBound) {
            seconds[index] = ProcessMeasurements.now() - start
          }
        }
      }
    }
    try pass.run()
    return seconds
  }
}
