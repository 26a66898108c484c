import Spelling

/// The parser of `--max-time` values, in the forms of users and schedulers: `5400`, `90m`, `1.5h`, `2d`, `01:30:00`.
enum TimeLimit {
  /// Returns the error message for an invalid value of `--max-time`; `nil` if it is valid or not given.
  static func problem(_ text: String?) -> String? {
    guard let text, seconds(text) == nil else { return nil }
    return "--max-time \(text): expected a time above 0: seconds, 90m, 12h, 2d or 01:30:00"
  }

  /// Returns a duration in seconds; `nil` if the text is not a duration.
  static func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    if text.contains(":") {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { part in Int(part) ?? -1 }
      guard parts.count <= 3, parts.allSatisfy({ part in part >= 0 }) else { return nil }
      let seconds = parts.reduce(0.0) { sum, part in sum * 60 + Double(part) }
      return seconds > 0 ? seconds : nil
    }
    let unit = text.last.flatMap { letter in units[letter] }
    let digits: Substring = unit == nil ? text[...] : text.dropLast()
    guard let number = Double(decimal: digits), number.isFinite, number > 0 else { return nil }
    return number * (unit ?? 1)
  }
}
