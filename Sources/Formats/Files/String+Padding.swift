extension String {
  /// Formats a number with leading zeros up to a width, for example `00000128`; longer numbers are not truncated.
  public init(_ number: Int, width: Int, radix: Int = 10) {
    let digits = String(number.magnitude, radix: radix)
    let zeros = String(repeating: "0", count: Swift.max(width - digits.count, 0))
    self.init((number < 0 ? "-" : "") + zeros + digits)
  }
}
