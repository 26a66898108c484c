import Configuration

/// The link of each host to the network that joins all of them.
package struct NetworkLink: Sendable, Equatable, Codable {
  /// The bandwidth in bytes per second, in each direction at the same time.
  package var bytesPerSecond: Double
  /// The seconds until the first byte of a message arrives.
  package var latencySeconds: Double

  package init(bytesPerSecond: Double, latencySeconds: Double) {
    self.bytesPerSecond = bytesPerSecond
    self.latencySeconds = latencySeconds
  }

  /// The bytes per second of each unit of speed; `b` stands for bits and `B` for bytes.
  private static let speeds = ["Gb/s": 1e9 / 8, "Mb/s": 1e6 / 8, "GB/s": 1e9]
  /// The seconds of each unit of latency.
  private static let times = ["us": 1e-6, "ms": 1e-3]

  /// Reads a speed and a latency, such as `10Gb/s,30us`; `nil` if the text is anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 2, let speed = Self.number(parts[0], in: Self.speeds), speed > 0,
      let latency = Self.number(parts[1], in: Self.times)
    else { return nil }
    self.init(bytesPerSecond: speed, latencySeconds: latency)
  }

  /// Returns the value of a number with one of the units, such as `10Gb/s`, in the base unit; `nil` for other text.
  private static func number(_ text: Substring, in units: [String: Double]) -> Double? {
    let digits = text.prefix { letter in letter.isASCII && letter.isNumber || letter == "." }
    guard let unit = units[String(text.dropFirst(digits.count))], let number = Double(digits) else { return nil }
    return number * unit
  }

  /// Returns the error message, with examples, for a text that ``init(_:)`` cannot read; otherwise `nil`.
  package static func problem(_ text: String) -> String? {
    NetworkLink(text) == nil
      ? "--link \(text): expected a speed in Gb/s, Mb/s or GB/s and a latency in us or ms, such as 10Gb/s,30us or 1.25GB/s,0.1ms"
      : nil
  }

  /// The speed and latency as text, such as `10 Gb/s, 30 us`.
  package var text: String {
    // Rounded to whole kilobits and nanoseconds, as products such as 8e-9 * 62.5e9 are not exact.
    let kilobits = (8e-3 * bytesPerSecond).rounded()
    let speed = kilobits < 1e6 ? "\(plain(kilobits / 1e3)) Mb/s" : "\(plain(kilobits / 1e6)) Gb/s"
    return "\(speed), \(plain((1e9 * latencySeconds).rounded() / 1e3)) us"
  }
}
