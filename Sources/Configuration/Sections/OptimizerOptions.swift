import NeuralNet

/// The optimizer.
package struct OptimizerOptions: Sendable, Equatable {
  /// The optimizers.
  package enum Kind: String, CaseIterable, Sendable {
    case sgd, lars, rmsprop, adam, adamw
  }

  /// The optimizer.
  package var kind = Kind.sgd
  /// The peak learning rate.
  package var learningRate = 0.1
  /// Whether the learning rate is that for a batch of 256 and grows with the batch.
  package var scaleLearningRate = false
  /// The momentum.
  package var momentum = 0.9
  /// Whether the momentum is Nesterov's.
  package var nesterov = false
  /// The decay of Adam's and AdamW's mean of gradients.
  package var beta1 = 0.9
  /// The decay of their mean of squares.
  package var beta2 = 0.999
  /// The decay of RMSProp's mean of squares.
  package var rmspropDecay = 0.99
  /// The number that RMSProp, Adam and AdamW add to a root.
  package var epsilon = 1e-8
  /// The weight decay.
  package var weightDecay = 1e-4
  /// The parameters without weight decay; `nil` for biases and BatchNorm's with LARS, else none.
  package var weightDecayExclusion: WeightDecay.Exclusion?

  /// The defaults.
  package init() {}

  /// The batch size that ``scaleLearningRate`` takes the learning rate to be meant for.
  private static let referenceBatchSize = 256

  /// The peak learning rate for a batch.
  func peakLearningRate(batchSize: Int) -> Double {
    learningRate * (scaleLearningRate ? Double(batchSize) / Double(Self.referenceBatchSize) : 1)
  }

  /// The optimizer before its first step, for parameters of a layout.
  package func makeOptimizer(_ layout: VectorLayout) -> any Optimizer {
    let exclusion = weightDecayExclusion ?? (kind == .lars ? .biasAndNorm : .none)
    let weightDecay = WeightDecay(Float(self.weightDecay), of: layout, excluding: exclusion)
    return switch kind {
    case .sgd:
      SGD(momentum: Float(momentum), usesNesterov: nesterov, weightDecay: weightDecay)
    case .lars:
      LARS(momentum: Float(momentum), usesNesterov: nesterov, weightDecay: weightDecay, layout: layout)
    case .rmsprop:
      RMSProp(
        decay: Float(rmspropDecay), epsilon: Float(epsilon), momentum: Float(momentum), weightDecay: weightDecay)
    case .adam, .adamw:
      Adam(
        beta1: beta1, beta2: beta2, epsilon: Float(epsilon), decouplesWeightDecay: kind == .adamw,
        weightDecay: weightDecay)
    }
  }

  /// The first contradiction between these options, or `nil`.
  var problem: RunError? {
    nesterov && momentum == 0 ? RunError(.usage, "--nesterov: needs a --momentum above 0") : nil
  }
}
