/// The options of the classifier on the representations and of its cross-entropy loss.
package struct ClassifierOptions: Sendable, Equatable {
  /// The weight λ of the cross-entropy in the total loss; 0 for no classifier.
  package var weight = 0.0
  /// True to stop the gradient of the cross-entropy at the representations, so that it does not train the encoder.
  package var stopGradient = false
  /// The label smoothing, in [0, 1).
  package var labelSmoothing = 0.0
  /// The number of classes of the training set; `nil` without a classifier, and before the training set is opened.
  package var classes: Int?

  /// Creates the default options.
  package init() {}
}
