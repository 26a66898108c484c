import Configuration

extension Configuration {
  /// Why a run has no such part, or `nil`.
  func problem(ofPart part: WeightLayout.Part) -> String? {
    part == .model && !isContrasting
      ? "--part model: the run was trained with cross-entropy alone and has no projection head; choose --part encoder"
      : nil
  }
}
