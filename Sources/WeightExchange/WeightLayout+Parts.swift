import Configuration

extension Configuration {
  /// Explains why a run has no such part; `nil` if it has.
  package func problem(ofPart part: WeightLayout.Part) -> String? {
    part == .model && !isContrasting
      ? "--part model: the run was trained with cross-entropy alone and has no projection head; choose --part encoder"
      : nil
  }
}
