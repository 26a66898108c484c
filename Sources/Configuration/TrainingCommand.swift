/// The commands that train an encoder; their default losses differ.
package enum TrainingCommand: String, Sendable {
  /// `supcon pretrain`: the contrastive loss, alone or with a cross-entropy.
  case pretrain
  /// `supcon supervised`: the cross-entropy alone.
  case supervised

  /// The default options of the command.
  package var defaults: Configuration {
    var configuration = Configuration()
    if self == .supervised {
      configuration.loss.weight = 0
      configuration.classifier.weight = 1
      configuration.views.count = 1
    }
    return configuration
  }

  /// Checks the options of a run of this command for contradictions.
  ///
  /// - Parameters:
  ///   - configuration: The defaults with the given options applied.
  ///   - given: The options that were given.
  ///   - ranks: The number of ranks of the job.
  /// - Returns: The first problem found, or `nil`.
  package func problem(
    _ configuration: Configuration, given: ConfigurationOverrides, ranks: Int
  ) -> RunError? {
    if let problem = configuration.problem(given: given, ranks: ranks) {
      return problem
    }
    guard configuration.command != self else { return nil }
    return self == .pretrain
      ? RunError(
        .usage, "--contrastive-weight 0: supcon pretrain has a contrastive loss",
        remedy: "give it a weight above 0, or choose supcon supervised")
      : RunError(
        .usage,
        "--contrastive-weight \(plain(configuration.loss.weight)): supcon supervised has the cross-entropy alone",
        remedy:
          "leave it out, or choose supcon pretrain --cross-entropy-weight \(plain(configuration.classifier.weight))")
  }
}
