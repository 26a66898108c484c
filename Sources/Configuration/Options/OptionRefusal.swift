extension ConfigurationOption {
  /// Parses a value of the command line and returns the function that stores it in a configuration.
  ///
  /// - Throws: ``RunError`` with exit code 64 that names the option, the text and the expected values.
  func assignment(_ text: String) throws(RunError) -> @Sendable (inout Configuration) -> Void {
    do {
      return try read(text)
    } catch {
      throw refusal(of: text, error, place: nil)
    }
  }

  /// Returns the error for an invalid value of the command line; `nil` if the value is valid.
  package func refusal(of text: String) -> RunError? {
    do {
      _ = try assignment(text)
      return nil
    } catch {
      return error
    }
  }

  /// Returns the error for an invalid value, with the file and line (`place`) where it was found.
  func refusal(of text: String, _ failure: OptionFailure, place: String?) -> RunError {
    let origin = place.map { place in " (\(place))" } ?? ""
    return RunError(
      .usage, "--\(name) \(text)\(origin): \(failure.expectation)", remedy: failure.remedy)
  }
}
