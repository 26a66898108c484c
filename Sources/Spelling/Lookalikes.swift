/// Detection of class names that look alike but have different bytes.
package enum Lookalikes {
  /// Returns the difference between two similar names, such as `in case`; `nil` if they are equal or clearly different,
  /// or if one is not UTF-8, so that its letters are unknown.
  package static func difference(_ one: [UInt8], _ other: [UInt8]) -> String? {
    guard one != other, let first = text(one), let second = text(other) else { return nil }
    // Swift strings are equal if they are canonically equivalent in Unicode.
    if first == second { return "in Unicode normalization" }
    if first.lowercased() == second.lowercased() { return "in case" }
    return key(first) == key(second) ? "in spaces, hyphens or underscores" : nil
  }

  /// Returns a sentence for each pair of names that look alike.
  package static func sentences(_ names: [[UInt8]]) -> [String] {
    Dictionary(grouping: names) { name in text(name).map(key) }.values.filter { group in group.count > 1 }
      .compactMap { group -> String? in
        guard let difference = difference(group[0], group[1]) else { return nil }
        return "the classes \(group.map(shown).joined(separator: " and ")) differ only \(difference)"
      }.sorted()
  }

  private static func shown(_ name: [UInt8]) -> String {
    let isASCII = name.allSatisfy { byte in byte < 0x80 }
    let text = String(decoding: name, as: UTF8.self)
    let scalars = text.unicodeScalars.map { scalar in "U+" + String(scalar.value, radix: 16, uppercase: true) }
    return "'\(text)'" + (isASCII ? "" : " (\(scalars.joined(separator: " ")))")
  }

  /// Returns a name as text; `nil` if it is not UTF-8.
  private static func text(_ name: [UInt8]) -> String? { String(validating: name, as: UTF8.self) }

  private static func key(_ name: String) -> String {
    name.lowercased().filter { character in !character.isWhitespace && character != "_" && character != "-" }
  }
}
