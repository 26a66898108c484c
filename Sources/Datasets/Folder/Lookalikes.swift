/// Names that differ by bytes but look the same, or nearly so, to a reader.
package enum Lookalikes {
  /// The difference between two names that a reader may not see; `nil` if there is none or a visible one.
  package static func difference(_ one: [UInt8], _ other: [UInt8]) -> String? {
    guard one != other else { return nil }
    let (first, second) = (text(one), text(other))
    // Strings are equal if they are canonically equivalent.
    if first == second { return "in Unicode normalization" }
    if first.lowercased() == second.lowercased() { return "in case" }
    return key(first) == key(second) ? "in spaces, hyphens or underscores" : nil
  }

  /// A sentence for each pair of lookalikes among names.
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

  private static func key(_ name: String) -> String {
    name.lowercased().filter { character in !character.isWhitespace && character != "_" && character != "-" }
  }
}
