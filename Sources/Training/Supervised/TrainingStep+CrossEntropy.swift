import Contrastive

extension TrainingStep {
  /// The class of each row of a shard with these samples.
  func labels(ofRows samples: [Int32]) -> [Int32] {
    let layout = recipe.viewLayout
    return (0..<samples.count * recipe.views).map { row in
      Int32(dataset.label(at: Int(samples[layout.sample(ofRow: row)])))
    }
  }

  /// What the cross-entropy of every row of a batch is multiplied with: λ ÷ rows.
  func crossEntropyWeight(_ plan: BatchPlan) -> Double {
    recipe.crossEntropyWeight / Double(plan.batchSize * recipe.views)
  }

  /// What the weighted cross-entropy cannot fall below.
  var crossEntropyBound: Double {
    guard recipe.isClassifying, let classes = recipe.classes else { return 0 }
    return recipe.crossEntropyWeight
      * CrossEntropy(classCount: classes, labelSmoothing: recipe.labelSmoothing).lowerBound
  }

  /// The contrastive part of a reduced step.
  func contrast(_ loss: ContrastiveLoss<Float>?, _ classes: RowClasses?, _ reduced: [Float]) -> Contrast? {
    guard let loss, let classes else { return nil }
    let (mode, views) = (loss.mode, recipe.views)
    return Contrast(
      loss: Double(reduced[vector.loss]) - (vector.crossEntropy.map { place in Double(reduced[place]) } ?? 0),
      lowerBound: loss.scale
        * mode.lowerBound(classSizes: classes.counts, views: views, temperature: recipe.temperature),
      collapseValue: loss.scale * mode.collapseValue(classSizes: classes.counts, views: views))
  }

  /// The share of a reduced step's rows whose class comes first, if there is a classifier.
  func trainTop1(_ reduced: [Float], _ plan: BatchPlan) -> Double? {
    vector.crossEntropy.map { place in Double(reduced[place + 1]) / Double(plan.batchSize * recipe.views) }
  }
}
