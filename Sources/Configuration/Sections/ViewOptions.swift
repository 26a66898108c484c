import Imaging

/// The views of each sample.
package struct ViewOptions: Sendable, Equatable {
  /// The number of views of each sample.
  package var count = 2
  /// The random operations that make a view.
  package var augmentation = Augmentation.cropFlipJitter

  /// The defaults.
  package init() {}
}
