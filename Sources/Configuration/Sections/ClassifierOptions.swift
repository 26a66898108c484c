/// The classifier on the representations, and its cross-entropy.
package struct ClassifierOptions: Sendable, Equatable {
  /// λ of the cross-entropy; 0 for none, and then without a classifier.
  package var weight = 0.0
  /// True if the cross-entropy does not train the encoder.
  package var stopGradient = false
  /// The label smoothing, in [0, 1).
  package var labelSmoothing = 0.0
  /// The number of classes of the training set; `nil` without a classifier, and until the training set was opened.
  package var classes: Int?

  /// The defaults.
  package init() {}
}
