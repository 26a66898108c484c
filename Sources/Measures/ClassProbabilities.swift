import Glibc

/// The logits of labeled samples, from which class probabilities are computed by softmax.
package struct ClassProbabilities: Sendable {
  /// The logits, `[samples, classes]`.
  package let logits: [Float]
  /// The class of each sample.
  package let labels: [Int32]
  /// The number of classes.
  package let classCount: Int

  /// Creates the value from logits `[samples, classes]` and labels.
  package init(logits: [Float], labels: [Int32], classCount: Int) {
    precondition(logits.count == labels.count * classCount, "\(logits.count) logits for \(labels.count) samples")
    self.logits = logits
    self.labels = labels
    self.classCount = classCount
  }

  /// Returns log softmax(z / T) of one sample's logits z, `[classes]`.
  package func logProbabilities(_ sample: Int, temperature: Double = 1) -> [Double] {
    let scaled = logits[sample * classCount..<(sample + 1) * classCount].map { logit in Double(logit) / temperature }
    let largest = scaled.max() ?? 0
    let logSum = largest + log(scaled.reduce(0) { sum, logit in sum + exp(logit - largest) })
    return scaled.map { logit in logit - logSum }
  }

  /// Returns softmax z of one sample's logits z, `[classes]`.
  package func probabilities(_ sample: Int) -> [Double] { logProbabilities(sample).map { log in exp(log) } }

  /// Returns the most probable class of one sample; ties go to the class with the lowest index.
  package func predictedClass(_ sample: Int) -> Int {
    let row = logits[sample * classCount..<(sample + 1) * classCount]
    var best = row.startIndex
    for index in row.indices where row[index] > row[best] {
      best = index
    }
    return best - row.startIndex
  }

  /// The numbers of correct predictions; of equal logits, the class with the lower index ranks first.
  package var accuracy: TestAccuracy {
    let ranks = labels.indices.map { sample in
      Int32(ClassRank.rank(of: Int(labels[sample]), in: logits[sample * classCount..<(sample + 1) * classCount]))
    }
    return TestAccuracy(ranks: ranks, classCount: classCount)
  }

  /// Returns the mean of −log softmax(z / T) of the samples' labels, in nats.
  package func negativeLogLikelihood(_ samples: [Int], temperature: Double = 1) -> Double {
    let sum = samples.reduce(0.0) { sum, sample in
      sum - logProbabilities(sample, temperature: temperature)[Int(labels[sample])]
    }
    return sum / Double(samples.count)
  }
}
