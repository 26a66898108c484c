import Configuration
import DataLoading
import Datasets
import Losses
import MPI

extension TrainingStep {
  /// Returns the class of each row of the global batch (the label, or with SimCLR the sample), then the class of each
  /// prototype; rows of one class are positives of each other.
  ///
  /// Collective if labels are needed: each rank contributes the labels of its own samples.
  func classes(
    of samples: [Int32], _ partition: BatchPartition, over world: borrowing Communicator
  ) throws -> RowClasses {
    var labels = Array(0..<Int32(partition.globalBatchSize))
    if configuration.loss.kind.usesLabels {
      let own = samples.map { sample in Int32(dataset.label(at: Int(sample))) }
      let counts = partition.shards.ranges.map { shards in shards.count * configuration.batches.shardSize }
      try world.allGather(own.span, counts: counts, into: &labels)
    }
    let order = configuration.rowOrder
    return RowClasses(
      labels: (0..<partition.globalBatchSize * configuration.views.count).map { row in labels[order.sample(ofRow: row)]
      } + (0..<Int32(partition.loss?.prototypeCount ?? 0)))
  }

  /// Returns the labels of a shard's rows; with mixup or CutMix, the two labels and their weights.
  func labels(ofRows request: ShardPrefetcher.Request) -> RowLabels {
    let samples = request.samples
    let order = configuration.rowOrder
    let rows = 0..<samples.count * configuration.views.count
    func label(ofSample place: Int) -> Int32 { Int32(dataset.label(at: Int(samples[place]))) }
    let labels = rows.map { row in label(ofSample: order.sample(ofRow: row)) }
    guard let mixing = configuration.mixing else { return RowLabels(labels) }
    let size = configuration.trainingViewSize(of: dataset)
    let others = rows.map { row in
      label(ofSample: SampleMixing.partner(of: order.sample(ofRow: row), in: samples.count))
    }
    let mixingWeights = rows.map { row in
      mixing.mixingWeight(
        sample: Int(samples[order.sample(ofRow: row)]), view: row / samples.count, epoch: request.epoch, size: size)
    }
    return RowLabels(labels, others: others, mixingWeights: mixingWeights)
  }

  /// Returns the factor of each row's cross-entropy in the total loss: its weight ÷ number of rows.
  func crossEntropyWeight(_ partition: BatchPartition) -> Double {
    configuration.classifier.weight / Double(partition.globalBatchSize * configuration.views.count)
  }

  /// Returns the lower bound of the weighted cross-entropy for the labels of a batch.
  func crossEntropyBound(of batch: GlobalBatch) -> Double {
    guard configuration.isClassifying, let classes = configuration.classifier.classes else { return 0 }
    let crossEntropy = CrossEntropy(classCount: classes, labelSmoothing: configuration.classifier.labelSmoothing)
    // The loss against a teacher is at least 0.
    let weight = configuration.classifier.weight * (1 - (configuration.classifier.distillation?.weight ?? 0))
    guard configuration.mixing != nil else { return weight * crossEntropy.lowerBound }
    let mixingWeights = requests(of: batch, 0..<partition(of: batch).shardCount).flatMap { request in
      let labels = labels(ofRows: request)
      return (0..<labels.count).map { row in
        let (label, other, mixingWeight) = labels.mixture(ofRow: row)
        return label == other ? 1 : mixingWeight
      }
    }
    return weight * crossEntropy.lowerBound(mixingWeights: mixingWeights)
  }

  /// Returns the contrastive part of the loss after the all-reduce; `nil` without a contrastive loss.
  func contrastiveLoss(of step: StepInProgress) -> ContrastiveResult? {
    guard let loss = step.partition.loss, let classes = step.classes else { return nil }
    let (variant, views) = (loss.variant, configuration.views.count)
    return ContrastiveResult(
      loss: Double(reduced(vectorLayout.loss))
        - (vectorLayout.crossEntropy.map { place in Double(reduced(place)) } ?? 0),
      lowerBound: loss.scale
        * variant.lowerBound(classSizes: classes.counts, views: views, temperature: configuration.loss.temperature),
      collapseValue: loss.scale * variant.collapseValue(classSizes: classes.counts, views: views))
  }

  /// Returns the fraction of rows classified correctly, after the all-reduce; `nil` without a classifier.
  func trainTop1(_ partition: BatchPartition) -> Double? {
    vectorLayout.crossEntropy.map { place in
      Double(reduced(place + 1)) / Double(partition.globalBatchSize * configuration.views.count)
    }
  }
}

extension Configuration {
  /// The mixing of views (mixup, CutMix); `nil` if there is none.
  package var mixing: SampleMixing? {
    views.isMixing ? SampleMixing(mixup: views.mixup, cutmix: views.cutmix, seed: compute.seed) : nil
  }

  /// The order of a batch's rows: within a shard, view 0 of all its samples, then view 1, and so on.
  package var rowOrder: RowOrder { RowOrder(samplesPerGroup: batches.shardSize, views: views.count) }
}
