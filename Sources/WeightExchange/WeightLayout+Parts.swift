import Configuration

extension Configuration {
  /// Explains why a run does not have a part; `nil` if it does.
  package func problem(ofPart part: WeightLayout.Part) -> String? {
    part == .model && !isContrasting
      ? "--part model: the run was trained with cross-entropy alone and has no projection head; choose --part encoder"
      : nil
  }
}
