/// Detection of class names that look alike but have different bytes.
package enum Lookalikes {
  /// Returns the difference between two similar names, such as `in case`; `nil` if they are equal or clearly different.
  package static func difference(_ one: [UInt8], _ other: [UInt8]) -> String? {
    guard one != other else { return nil }
    let (first, second) = (text(one), text(other))
    // Swift strings are equal if they are canonically equivalent in Unicode.
    if first == second { return "in Unicode normalization" }
    if first.lowercased() == second.lowercased() { return "in case" }
    return key(first) == key(second) ? "in spaces, hyphens or underscores" : nil
  }

  /// Returns a sentence for each pair of names that look alike.
  package static func sentences(_ names: [[UInt8]]) -> [String] {
    Dictionary(grouping: names) { name in key(text(name)) }.values.filter { group in group.count > 1 }
      .compactMap { group -> String? in
        guard let difference = difference(group[0], group[1]) else { return nil }
        return "the classes \(group.map(shown).joined(separator: " and ")) differ only \(difference)"
      }.sorted()
  }

  private static func shown(_ name: [UInt8]) -> String {
    let isASCII = name.allSatisfy { byte in byte < 0x80 }
    let scalars = text(name).unicodeScalars.map { scalar in "U+" + String(scalar.value, radix: 16, uppercase: true) }
    return "'\(text(name))'" + (isASCII ? "" : " (\(scalars.joined(separator: " ")))")
  }

  private static func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }

  private static func key(_ name: String) -> String {
    name.lowercased().filter { character in !character.isWhitespace && character != "_" && character != "-" }
  }
}
