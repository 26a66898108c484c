import ArgumentParser
import Spelling

/// The value of an option outside the table of options that takes a number, which is parsed as those of the table are.
struct DecimalArgument: ExpressibleByArgument, Sendable {
  let value: Double

  init(_ value: Double) {
    self.value = value
  }

  init?(argument: String) {
    guard let value = Double(decimal: argument) else { return nil }
    self.init(value)
  }

  /// The default in help texts.
  var defaultValueDescription: String { "\(value)" }
}
