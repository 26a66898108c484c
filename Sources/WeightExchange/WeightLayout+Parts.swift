import Configuration
import NeuralNet

extension Configuration {
  /// True if a run's model has a projection head.
  package var hasProjectionHead: Bool { isContrasting && !headArchitecture.widths.isEmpty }

  /// Returns the reason why a run's model does not have a part; `nil` if it has.
  package func problem(ofPart part: WeightLayout.Part) -> String? {
    part == .model && !isContrasting
      ? "--part model: the run was trained with cross-entropy alone and has no projection head; choose --part encoder"
      : nil
  }
}
