import Formats

/// The text with which the names of a model's tensors begin in a file of another program, such as `backbone.`,
/// `state_dict.model.` or `encoder_q.`; empty if there is none.
package struct WeightPrefix: Equatable {
  /// The prefix with its period; empty for none.
  package let text: String
  /// The part of the model whose tensors have this prefix.
  package let part: WeightLayout.Part

  /// The name components that PyTorch's wrappers insert: those of `DataParallel` and of `torch.compile`.
  private static let wrappers: Set<Substring> = ["module", "_orig_mod"]

  /// Returns the name of a tensor without the prefix; `nil` if it does not begin with the prefix.
  package func modelName(of name: String) -> String? {
    let plain = Self.unwrapped(name)
    return plain.hasPrefix(text) ? String(plain.dropFirst(text.count)) : nil
  }

  /// Returns the prefix of the model in a file.
  ///
  /// - Parameters:
  ///   - given: The prefix that the user chose; `nil` to detect it.
  ///   - names: The names of all tensors in the file.
  ///   - layout: The naming scheme after the prefix.
  ///   - path: The path of the file, for messages.
  /// - Returns: The prefix; empty if there is none, or if no model is found.
  /// - Throws: `FileError` if no model has the given prefix, or if the file contains several models and none is chosen.
  package static func chosen(
    _ given: String?, of names: [String], _ layout: WeightLayout, path: String
  ) throws(FileError) -> WeightPrefix {
    let found = all(in: names, layout)
    let texts = found.map { prefix in prefix.text.isEmpty ? "none" : String(prefix.text.dropLast()) }
    if let given {
      let text = unwrapped(given.hasSuffix(".") ? given : given + ".")
      if let prefix = found.first(where: { prefix in prefix.text == text }) {
        return prefix
      }
      throw FileError(
        .content,
        "\(path): has no encoder of the layout \(layout.rawValue) under --prefix \(given)"
          + (found.isEmpty ? "" : "; found: \(texts.joined(separator: ", "))"))
    }
    if let prefix = found.first(where: \.text.isEmpty) ?? (found.count == 1 ? found.first : nil) {
      return prefix
    }
    guard found.isEmpty else {
      throw FileError(
        .content,
        "\(path): holds several encoders (\(texts.joined(separator: ", "))); choose one with --prefix \(texts[0])")
    }
    // The later check of all names reports which are missing.
    let isEncoder = layout == .supcontrast && !names.contains { name in unwrapped(name).hasPrefix("encoder.") }
    return WeightPrefix(text: "", part: isEncoder ? .encoder : .model)
  }

  /// Returns all prefixes with which an encoder is found in the file, the shortest first.
  static func all(in names: [String], _ layout: WeightLayout) -> [WeightPrefix] {
    let plain = Set(names.map(unwrapped))
    func found(_ part: WeightLayout.Part) -> [WeightPrefix] {
      let first = layout.name(of: "encoder.conv1.weight", part)
      let second = layout.name(of: "encoder.layer1.0.conv1.weight", part)
      return plain.filter { name in name == first || name.hasSuffix("." + first) }
        .map { name in String(name.dropLast(first.count)) }
        .filter { prefix in plain.contains(prefix + second) }
        .map { prefix in WeightPrefix(text: prefix, part: part) }
        .sorted { one, other in (one.text.count, one.text) < (other.text.count, other.text) }
    }
    let whole = found(.model)
    return whole.isEmpty && layout == .supcontrast ? found(.encoder) : whole
  }

  private static func unwrapped(_ name: String) -> String {
    name.split(separator: ".", omittingEmptySubsequences: false).filter { part in !wrappers.contains(part) }
      .joined(separator: ".")
  }
}
