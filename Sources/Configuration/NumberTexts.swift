/// Formats a number as Swift does, but every NaN as `NaN`, without a sign.
package func shown(_ value: Double) -> String { value.isNaN ? "NaN" : "\(value)" }

/// Formats a number with a fixed number of decimals.
package func decimal(_ value: Double, _ places: Int) -> String {
  guard value.isFinite else { return shown(value) }
  var scale = 1.0
  for _ in 0..<places {
    scale *= 10
  }
  let rounded = (abs(value) * scale).rounded()
  // In float32, in which training computes, a number such as 1e+30 has a short form.
  guard rounded < 1e15 else { return Float(value).isFinite ? "\(Float(value))" : "\(value)" }
  let digits = String(Int(rounded))
  let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
  let sign = value < 0 && rounded > 0 ? "-" : ""
  return places == 0 ? sign + padded : sign + padded.dropLast(places) + "." + padded.suffix(places)
}

/// Formats a time in seconds, such as `2 h 5 min`, `3 min 20 s` or `4.5 s`.
package func duration(_ seconds: Double) -> String {
  // As from a damaged file: no whole number holds it.
  guard abs(seconds) < 1e15 else { return "\(shown(seconds)) s" }
  let whole = Int(seconds.rounded())
  if whole >= 3600 {
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
  return whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(decimal(seconds, 1)) s"
}

/// Formats a byte count in megabytes with one decimal, such as `470.0 MB`.
package func megabytes(_ count: Int) -> String {
  "\(decimal(1e-6 * Double(count), 1)) MB"
}

/// Formats a byte count in gigabytes with one decimal, such as `16.4 GB`.
package func gigabytes(_ count: Int) -> String {
  "\(decimal(1e-9 * Double(count), 1)) GB"
}

/// Formats a count with its noun, such as `1 rank`, `2 ranks` or `3 classes`.
package func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : noun.hasSuffix("s") ? "es" : "s")"
}

/// Formats a number in the shortest form that parses to the same value, such as `0.1`, `1` or `1e+30`.
package func plain(_ value: Double) -> String {
  if value == value.rounded(), abs(value) < 1e15 {
    return "\(Int(value))"
  }
  return shown(value)
}
