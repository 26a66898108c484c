extension BinaryFloatingPoint where Self: LosslessStringConvertible {
  /// Parses a decimal number, such as `-0.5` or `1e-3`, or an infinity or NaN, such as `inf`, `nan` or `.inf` (YAML);
  /// `nil` for any other text.
  ///
  /// Swift's own initializer reads hexadecimal numbers too, such as `0x10`.
  package init?(decimal text: some StringProtocol) {
    let number: Self? =
      switch text.lowercased() {
      case ".inf", "+.inf": Self.infinity
      case "-.inf": -Self.infinity
      case ".nan": Self.nan
      case let word where word.contains("x"): nil
      case let word: Self(word)
      }
    guard let number else { return nil }
    self = number
  }
}
