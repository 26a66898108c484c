import Losses

/// The options of the classifier on the representations and of its cross-entropy loss.
package struct ClassifierOptions: Sendable, Equatable {
  /// The weight of the cross-entropy in the total loss; 0 for no classifier.
  package var weight = 0.0
  /// True to stop the gradient of the cross-entropy at the representations, so that it does not train the encoder.
  package var stopGradient = false
  /// The label smoothing, in [0, 1).
  package var labelSmoothing = 0.0
  /// The run directory of the teacher of a distillation; `nil` for none.
  package var teacherPath: String?
  /// The weight of the teacher's targets, above 0 and at most 1; the labels have the rest.
  package var distillationWeight = 0.9
  /// The temperature of the class probabilities of teacher and student.
  package var distillationTemperature = 4.0
  /// The SHA-256 of the teacher's weights; `nil` without a teacher, and before it is read.
  package var teacherHash: String?
  /// The number of classes of the training set; `nil` without classifier and prototypes, and before the training set
  /// is opened.
  package var classes: Int?

  /// Creates the default options.
  package init() {}

  /// The loss against the teacher's class probabilities; `nil` without a teacher.
  package var distillation: Distillation? {
    teacherPath.map { _ in Distillation(weight: distillationWeight, temperature: distillationTemperature) }
  }
}
