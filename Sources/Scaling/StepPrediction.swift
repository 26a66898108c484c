/// The predicted time and traffic of a training step.
package struct StepPrediction: Sendable, Equatable {
  /// The seconds of each part of a step; time that overlaps with an earlier part is not counted.
  package struct Seconds: Sendable, Codable, Equatable {
    /// The making of views from samples.
    package var data: Double
    /// The forward pass, from views to embeddings.
    package var forward: Double
    /// The sums of BatchNorm's statistics over the ranks, forward and backward.
    package var statistics: Double
    /// The gathers of embeddings, labels and log-sum-exps.
    package var gather: Double
    /// The contrastive loss and the gradient of the embeddings.
    package var loss: Double
    /// The backward pass, from the gradient of the embeddings; includes recomputed forward passes.
    package var backward: Double
    /// The part of the gradients' reduction over the ranks that does not overlap with the backward pass.
    package var reduce: Double
    /// The update of the parameters by the optimizer.
    package var update: Double

    package init(
      data: Double, forward: Double, statistics: Double = 0, gather: Double, loss: Double, backward: Double,
      reduce: Double, update: Double
    ) {
      (self.data, self.forward, self.statistics) = (data, forward, statistics)
      (self.gather, self.loss) = (gather, loss)
      (self.backward, self.reduce, self.update) = (backward, reduce, update)
    }

    /// The parts with a description each, in the order of computation; statistics only where ranks sum them.
    package var parts: [(name: String, seconds: Double)] {
      [("data: images to views", data), ("forward: views to embeddings", forward)]
        + (statistics > 0 ? [("statistics: BatchNorm over ranks", statistics)] : []) + [
          ("gather: embeddings, labels, log-sum-exps", gather), ("loss and embedding gradients", loss),
          ("backward", backward), ("reduce: what backward does not hide", reduce), ("update", update),
        ]
    }
  }

  package var hosts: Int
  package var ranks: Int
  /// The number of samples in the global batch.
  package var samples: Int
  package var seconds: Seconds
  /// The seconds of the whole reduction of gradients, part of which overlaps with the backward pass.
  package var reductionSeconds: Double
  /// The costs of messages by purpose, in the order of the step.
  package var traffic: [MessageCost]

  package init(
    hosts: Int, ranks: Int, samples: Int, seconds: Seconds, reductionSeconds: Double, traffic: [MessageCost]
  ) {
    self.hosts = hosts
    self.ranks = ranks
    self.samples = samples
    self.seconds = seconds
    self.reductionSeconds = reductionSeconds
    self.traffic = traffic
  }

  /// The seconds of the step.
  package var stepSeconds: Double { seconds.parts.reduce(0) { sum, part in sum + part.seconds } }
  package var samplesPerSecond: Double { Double(samples) / stepSeconds }
  /// The fraction of the step in which ranks only wait for messages.
  package var networkShare: Double { (seconds.statistics + seconds.gather + seconds.reduce) / stepSeconds }
  /// The bytes per step that cross the link of the busiest host, in the busier direction.
  package var networkBytes: Double { traffic.reduce(0) { sum, cost in sum + cost.networkBytes } }
}
