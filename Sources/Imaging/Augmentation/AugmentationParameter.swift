import Spelling

/// A named parameter of an augmentation operation, with its conversion from and to text.
struct AugmentationParameter<Step>: Sendable {
  let name: String
  /// The description of the parameter for the help text.
  let meaning: String
  /// The allowed values in words, for the help text and error messages.
  let expected: String
  /// Returns the parameter's value in a given operation, as text.
  let text: @Sendable (Step) -> String
  /// Returns a copy of an operation with the parameter set from text; `nil` if the text is not an allowed value.
  let setting: @Sendable (Step, String) -> Step?

  func text(of step: Step) -> String { text(step) }

  /// Creates a parameter that is a number within bounds.
  static func number(
    _ name: String, _ path: WritableKeyPath<Step, Double> & Sendable, in allowed: ClosedRange<Double>,
    _ meaning: String
  ) -> AugmentationParameter {
    AugmentationParameter(
      name: name, meaning: meaning,
      expected: "a number from \(format(allowed.lowerBound)) to \(format(allowed.upperBound))"
    ) { step in
      format(step[keyPath: path])
    } setting: { step, text in
      guard let value = parseNumber(text), allowed.contains(value) else { return nil }
      var changed = step
      changed[keyPath: path] = value
      return changed
    }
  }

  /// Creates a parameter that is an integer within bounds.
  static func integer(
    _ name: String, _ path: WritableKeyPath<Step, Int> & Sendable, in allowed: ClosedRange<Int>, _ meaning: String
  ) -> AugmentationParameter {
    AugmentationParameter(
      name: name, meaning: meaning, expected: "a whole number from \(allowed.lowerBound) to \(allowed.upperBound)"
    ) { step in
      String(step[keyPath: path])
    } setting: { step, text in
      guard let value = Int(text), allowed.contains(value) else { return nil }
      var changed = step
      changed[keyPath: path] = value
      return changed
    }
  }

  /// Creates a parameter that is a number, or a range from which a number is drawn at random.
  static func range(
    _ name: String, _ path: WritableKeyPath<Step, RandomRange> & Sendable, in allowed: ClosedRange<Double>,
    _ meaning: String
  ) -> AugmentationParameter {
    AugmentationParameter(
      name: name, meaning: meaning,
      expected:
        "a number from \(format(allowed.lowerBound)) to \(format(allowed.upperBound)), or two as LEAST..MOST"
    ) { step in
      let range = step[keyPath: path]
      return range.lower == range.upper ? format(range.lower) : "\(format(range.lower))..\(format(range.upper))"
    } setting: { step, text in
      let bounds = text.split("..").map { bound in parseNumber(bound) }
      // `0...5` would be the range from 0 to .5.
      guard !text.contains("..."), (1...2).contains(bounds.count), let lower = bounds[0],
        let upper = bounds[bounds.count - 1], lower <= upper, allowed.contains(lower), allowed.contains(upper)
      else { return nil }
      var changed = step
      changed[keyPath: path] = RandomRange(lower, upper)
      return changed
    }
  }

  /// Creates a parameter that is one of several names.
  static func choice<Choice>(
    _ name: String, _ path: WritableKeyPath<Step, Choice> & Sendable, _ meaning: String
  ) -> AugmentationParameter
  where Choice: RawRepresentable & CaseIterable & SendableMetatype, Choice.RawValue == String {
    AugmentationParameter(
      name: name, meaning: meaning,
      expected: Choice.allCases.map { choice in choice.rawValue }.joined(separator: " or ")
    ) { step in
      step[keyPath: path].rawValue
    } setting: { step, text in
      guard let value = Choice(rawValue: text) else { return nil }
      var changed = step
      changed[keyPath: path] = value
      return changed
    }
  }
}

/// The values of a Boolean parameter.
enum YesOrNo: String, Sendable, CaseIterable {
  case yes
  case no
}

/// Formats a number without a trailing `.0`.
private func format(_ number: Double) -> String {
  let text = String(number)
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Parses a number, or a fraction such as 4/3.
private func parseNumber(_ text: String) -> Double? {
  let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { part in Double(decimal: part) }
  guard (1...2).contains(parts.count), let first = parts[0], let last = parts[parts.count - 1] else { return nil }
  let value = parts.count == 1 ? first : first / last
  return value.isFinite ? value : nil
}

extension String {
  /// Splits the string at a separator of two characters.
  fileprivate func split(_ separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let place = rest.firstRange(of: separator) {
      parts.append(String(rest[..<place.lowerBound]))
      rest = rest[place.upperBound...]
    }
    return parts + [String(rest)]
  }
}
