import Configuration
import Losses

extension TrainingStep {
  /// The class of each row of a shard with these samples.
  func labels(ofRows samples: [Int32]) -> [Int32] {
    let layout = configuration.rowOrder
    return (0..<samples.count * configuration.views).map { row in
      Int32(dataset.label(at: Int(samples[layout.sample(ofRow: row)])))
    }
  }

  /// What the cross-entropy of every row of a batch is multiplied with: λ ÷ rows.
  func crossEntropyWeight(_ plan: BatchPartition) -> Double {
    configuration.crossEntropyWeight / Double(plan.batchSize * configuration.views)
  }

  /// What the weighted cross-entropy cannot fall below.
  var crossEntropyBound: Double {
    guard configuration.isClassifying, let classes = configuration.classes else { return 0 }
    return configuration.crossEntropyWeight
      * CrossEntropy(classCount: classes, labelSmoothing: configuration.labelSmoothing).lowerBound
  }

  /// The contrastive part of a reduced step.
  func contrast(_ loss: ContrastiveLoss<Float>?, _ classes: RowClasses?, _ reduced: [Float]) -> Contrast? {
    guard let loss, let classes else { return nil }
    let (mode, views) = (loss.mode, configuration.views)
    return Contrast(
      loss: Double(reduced[vector.loss]) - (vector.crossEntropy.map { place in Double(reduced[place]) } ?? 0),
      lowerBound: loss.scale
        * mode.lowerBound(classSizes: classes.counts, views: views, temperature: configuration.temperature),
      collapseValue: loss.scale * mode.collapseValue(classSizes: classes.counts, views: views))
  }

  /// The share of a reduced step's rows whose class comes first, if there is a classifier.
  func trainTop1(_ reduced: [Float], _ plan: BatchPartition) -> Double? {
    vector.crossEntropy.map { place in Double(reduced[place + 1]) / Double(plan.batchSize * configuration.views) }
  }
}
