import Scaling
import Testing

/// The text of `--link`.
struct NetworkLinkTests {
  @Test func `speeds and latencies are read with their units`() throws {
    for (text, bytes, seconds) in [
      ("10Gb/s,30us", 1.25e9, 30e-6), ("100Mb/s,1ms", 12.5e6, 1e-3), ("1.25GB/s,0.5us", 1.25e9, 0.5e-6),
      ("25Gb/s,0us", 3.125e9, 0),
    ] {
      let link = try #require(NetworkLink(text), "\(text)")
      #expect(abs(link.bytesPerSecond / bytes - 1) < 1e-12 && abs(link.latencySeconds - seconds) < 1e-15, "\(text)")
      #expect(NetworkLink.problem(text) == nil)
    }
  }

  @Test(arguments: [
    ("10Gb/s,30us", "10 Gb/s, 30 us"), ("500Gb/s,1us", "500 Gb/s, 1 us"), ("300Mb/s,0.1ms", "300 Mb/s, 100 us"),
    ("1000Mb/s,0us", "1 Gb/s, 0 us"), ("1.25GB/s,0.5us", "10 Gb/s, 0.5 us"),
  ])
  func `speeds and latencies are shown without errors of rounding`(text: String, shown: String) {
    #expect(NetworkLink(text)?.text == shown)
  }

  @Test(arguments: [
    "", "10Gb/s", "30us", "10Gb/s,30", "10,30us", "10gb/s,30us", "10Gbit/s,30us", "10Gb/s,30s", "10Gb/s;30us",
    "10Gb/s,30us,", "-10Gb/s,30us", "10Gb/s,-30us", "0Gb/s,30us", "0x10Gb/s,30us", "infGb/s,30us", "nanGb/s,30us",
    "1.2.3Gb/s,30us", "Gb/s,us", "10 Gb/s,30 us",
  ])
  func `anything else is refused with examples`(text: String) {
    #expect(NetworkLink(text) == nil)
    #expect(NetworkLink.problem(text)?.contains("--link \(text): expected a speed in Gb/s, Mb/s or GB/s") == true)
    #expect(NetworkLink.problem(text)?.contains("such as 10Gb/s,30us") == true)
  }
}
