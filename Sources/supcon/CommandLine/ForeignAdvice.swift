import ArgumentParser

/// The advice of errors that several commands share, without options that only others of them have.
enum ForeignAdvice {
  /// A part of a message that advises an option.
  private struct Advice {
    /// The option without dashes.
    let option: String
    /// The beginning of the part.
    let start: String
    /// The text before which the part ends; `nil` for the end of the message, empty for the end of ``start``.
    var end: String?
    /// The text in place of the part.
    var replacement = ""
  }

  private static let links = "; give a folder with links to these that are named train, validation and test"

  private static let all = [
    Advice(option: "train-folder", start: "; say which folder is which with --train-folder", replacement: links),
    Advice(option: "train-folder", start: "; choose one with --train-folder", replacement: links),
    Advice(option: "validation-folder", start: "; choose one with --validation-folder", replacement: links),
    Advice(option: "test-folder", start: "; choose one with --test-folder", replacement: links),
    Advice(option: "train-folder", start: ", or --train-folder . if all folders"),
    Advice(option: "validation-folder", start: ", or choose another folder with --validation-folder"),
    Advice(option: "validation-folder", start: ", --validation-folder none, or --validation-fraction"),
    Advice(option: "test-folder", start: ", --test-folder none, or --validation-fraction"),
    Advice(option: "bad-images", start: ", or leave such files out with --bad-images skip"),
    Advice(option: "resume", start: "continue it with --resume, or ", end: ""),
    Advice(option: "resume", start: "train on with --resume", end: "choose another --output"),
    Advice(option: "format", start: " or --format onnx", end: ""),
    Advice(option: "format", start: "; choose --format onnx", end: ""),
  ]

  /// Returns a message without the advice that a command's user cannot follow.
  static func removed(from message: String, of command: any ParsableCommand) -> String {
    let parts = all.filter { advice in message.contains(advice.start) }
    guard !parts.isEmpty else { return message }
    let offered = Supcon.options(of: type(of: command))
    return parts.filter { advice in !offered.contains(advice.option) }.reduce(message) { text, advice in
      guard let start = text.firstRange(of: advice.start) else { return text }
      let rest = text[start.upperBound...]
      let end: String.Index? =
        switch advice.end {
        case nil: text.endIndex
        case ""?: start.upperBound
        case let end?: rest.firstRange(of: end)?.lowerBound
        }
      return end.map { end in text[..<start.lowerBound] + advice.replacement + text[end...] } ?? text
    }
  }
}
