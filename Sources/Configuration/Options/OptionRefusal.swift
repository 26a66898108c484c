extension ConfigurationOption {
  /// Reads a text of the command line.
  ///
  /// - Throws: ``RunError`` with code 64 that names the option, the text and what was expected.
  func assignment(_ text: String) throws(RunError) -> @Sendable (inout Configuration) -> Void {
    do {
      return try read(text)
    } catch {
      throw refusal(of: text, error, place: nil)
    }
  }

  /// The refusal of a text of the command line; `nil` if it is a value of the option.
  package func refusal(of text: String) -> RunError? {
    do {
      _ = try assignment(text)
      return nil
    } catch {
      return error
    }
  }

  /// The refusal of a value, with the place in a file where it was found.
  func refusal(of text: String, _ failure: OptionFailure, place: String?) -> RunError {
    let parts = failure.expectation.split(separator: "; ", maxSplits: 1).map(String.init)
    let origin = place.map { place in " (\(place))" } ?? ""
    return RunError(
      .usage, "--\(name) \(text)\(origin): \(parts.first ?? "")", remedy: parts.count > 1 ? parts[1] : "")
  }
}
