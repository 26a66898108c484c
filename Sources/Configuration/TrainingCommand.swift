/// The commands that train an encoder; they share all but the losses that they begin with.
package enum TrainingCommand: String, Sendable {
  /// The contrastive loss, alone or with a cross-entropy beside it.
  case pretrain
  /// The cross-entropy alone.
  case supervised

  /// The defaults of the command.
  package var defaults: Configuration {
    var configuration = Configuration()
    if self == .supervised {
      configuration.contrastiveWeight = 0
      configuration.crossEntropyWeight = 1
      configuration.views = 1
    }
    return configuration
  }

  /// What is wrong with a recipe as one of this command, or `nil`.
  package func problem(_ configuration: Configuration, ranks: Int) -> String? {
    if let problem = configuration.problem(ranks: ranks) {
      return problem
    }
    guard configuration.command != self else { return nil }
    return self == .pretrain
      ? "--contrastive-weight 0: supcon pretrain has a contrastive loss; give it a weight above 0, or choose supcon supervised"
      : "--contrastive-weight \(configuration.contrastiveWeight): supcon supervised has the cross-entropy alone; leave it out, or choose supcon pretrain --cross-entropy-weight \(configuration.crossEntropyWeight)"
  }
}
