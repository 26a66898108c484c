/// The part of a dataset that serves one purpose: training, validation or test.
///
/// A dataset need not have all three. Training uses ``train`` only. Options, checkpoints and thresholds are chosen on
/// ``validation``; without one, a fraction of the training set is held out (``HeldOutSplit``), never ``test``. Final
/// results are measured on ``test``, or, with a note to the user, on ``validation`` if there is no labeled test set.
package enum Split: String, Sendable, CaseIterable, Codable {
  /// The images that the encoder is trained on.
  case train
  /// The images by which options and checkpoints are chosen.
  case validation
  /// The images for final measurements.
  case test

  /// The split's name in messages.
  package var title: String { self == .train ? "training" : rawValue }
}
