import Formats

/// The beginning that the names of a model's tensors have in a file of another program: `backbone.`, `state_dict.model.`,
/// `encoder_q.`; empty where the names are those of the layout.
package struct WeightPrefix: Equatable {
  package let text: String
  /// The part of the model that begins there.
  package let part: WeightLayout.Part

  /// The components that PyTorch's wrappers insert anywhere into names: DataParallel's and those of `torch.compile`.
  private static let wrappers: Set<Substring> = ["module", "_orig_mod"]

  /// The name of a tensor in the layout; `nil` if it does not begin with the prefix.
  package func modelName(of name: String) -> String? {
    let plain = Self.unwrapped(name)
    return plain.hasPrefix(text) ? String(plain.dropFirst(text.count)) : nil
  }

  /// Returns the prefix of the model in a file.
  ///
  /// - Parameters:
  ///   - given: The prefix that the user chose; `nil` for the only one.
  ///   - names: The names of the file.
  ///   - layout: The layout of the names after the prefix.
  ///   - path: The file, for messages.
  /// - Returns: The prefix, empty where names are those of the layout, or no model is found.
  /// - Throws: `FileError` if no model begins with the given prefix, or if several models are in the file and none is chosen.
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
    // The check of all names tells what is missing.
    let isEncoder = layout == .supcontrast && !names.contains { name in unwrapped(name).hasPrefix("encoder.") }
    return WeightPrefix(text: "", part: isEncoder ? .encoder : .model)
  }

  /// All beginnings under which an encoder of a layout is found, the shortest first.
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
