import Configuration

extension RunError {
  /// Returns this error about a dataset with the option of another one, such as `--transfer-data` for the word
  /// `transfer`, in place of `--data`.
  ///
  /// The texts come from targets that know no other option; the commands in them keep their own options.
  func namingData(of word: String) -> RunError {
    func named(_ text: String) -> String {
      let command = "supcon dataset verify --data"
      return text.split(separator: command, omittingEmptySubsequences: false).map { part in
        part.replacing("--data", with: "--\(word)-data")
      }.joined(separator: command)
    }
    return RunError(exitCode, named(problem), remedy: named(remedy), isDivergence: isDivergence)
  }
}
