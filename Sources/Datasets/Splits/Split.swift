/// A part of a dataset by its purpose.
///
/// A dataset need not have all three. Training reads ``train`` only. Choices (of options, checkpoints, thresholds) are made on ``validation``;
/// without one, a share of the training set is held out (``HeldOutSplit``), never ``test``. Final figures are measured on ``test``, or on
/// ``validation`` where there is no labeled test set, with a note to the user.
package enum Split: String, Sendable, CaseIterable, Codable {
  /// The images to train on.
  case train
  /// The images to choose with.
  case validation
  /// The images of the final measurement.
  case test

  /// The name in messages.
  package var title: String { self == .train ? "training" : rawValue }
}
