import NeuralNet
import Optimizers

/// The options of the optimizer.
package struct OptimizerOptions: Sendable, Equatable {
  /// The optimizers that a run can be trained with.
  package enum Kind: String, CaseIterable, Sendable {
    case sgd, lars, rmsprop, adam, adamw
  }

  /// The optimizer to train with.
  package var kind = Kind.sgd
  /// The peak learning rate, which the schedule reaches after the warm-up.
  package var learningRate = 0.1
  /// True if the learning rate is given for a batch size of 256 and is scaled linearly with the batch size.
  package var scaleLearningRate = false
  /// The momentum of SGD, LARS and RMSProp.
  package var momentum = 0.9
  /// True to use Nesterov momentum.
  package var nesterov = false
  /// The decay rate β₁ of Adam's and AdamW's first moment.
  package var beta1 = 0.9
  /// The decay rate β₂ of Adam's and AdamW's second moment.
  package var beta2 = 0.999
  /// The decay rate of RMSProp's mean of squared gradients.
  package var rmspropDecay = 0.99
  /// The ε that RMSProp, Adam and AdamW add to the square root of the second moment.
  package var epsilon = 1e-8
  /// The weight decay coefficient.
  package var weightDecay = 1e-4
  /// The parameters that are exempt from weight decay; `nil` for the default: biases and BatchNorm parameters with
  /// LARS, else none.
  package var weightDecayExclusion: WeightDecay.Exclusion?

  /// The decay of the exponential moving average of weights and running statistics; `nil` for no average.
  package var averageDecay: Double?

  /// Creates the default options.
  package init() {}

  /// The batch size to which the learning rate refers if ``scaleLearningRate`` is true.
  private static let referenceBatchSize = 256

  /// Returns the peak learning rate for a global batch of `batchSize` samples.
  func peakLearningRate(batchSize: Int) -> Double {
    learningRate * (scaleLearningRate ? Double(batchSize) / Double(Self.referenceBatchSize) : 1)
  }

  /// Creates the optimizer, with zero state, for parameters of the given layout.
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
        decay: rmspropDecay, epsilon: Float(epsilon), momentum: Float(momentum), weightDecay: weightDecay)
    case .adam, .adamw:
      Adam(
        beta1: beta1, beta2: beta2, epsilon: Float(epsilon), decouplesWeightDecay: kind == .adamw,
        weightDecay: weightDecay)
    }
  }

  /// The error for the first contradiction between these options; `nil` if there is none.
  var problem: RunError? {
    nesterov && momentum == 0 ? RunError(.usage, "--nesterov: needs a --momentum above 0") : nil
  }
}
