import ArgumentParser
import Datasets

/// The images on which a command measures a run.
enum MeasuredSplit: String, CaseIterable, ExpressibleByArgument {
  case test, validation

  /// The split of the dataset.
  var split: Split { self == .test ? .test : .validation }
}
