import Spelling

extension OptionFailure {
  /// Returns the failure for a text that is not one of the allowed values, with a suggestion of the most similar value.
  static func choice(_ text: String, _ choices: [String]) -> OptionFailure {
    let meant =
      PeerNames.value(text).flatMap { name in choices.contains(name) ? name : nil }
      ?? choices.first { choice in choice.lowercased() == text.lowercased() }
      ?? choices.nearest(to: text)
    return OptionFailure(
      expectation: "expected one of \(choices.joined(separator: ", "))",
      remedy: meant.map { name in "did you mean '\(name)'?" } ?? "")
  }
}
