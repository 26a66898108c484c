extension String {
  /// A number with zeros in front up to a width, for example `00000128`; longer numbers are not cut.
  public init(_ number: Int, width: Int, radix: Int = 10) {
    let digits = String(number.magnitude, radix: radix)
    let zeros = String(repeating: "0", count: Swift.max(width - digits.count, 0))
    self.init((number < 0 ? "-" : "") + zeros + digits)
  }
}
