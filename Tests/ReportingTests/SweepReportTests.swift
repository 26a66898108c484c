import Configuration
import Foundation
import Reporting
import TestSupport
import Testing

/// The comparison of a sweep's runs.
struct SweepReportTests {
  private func record(_ directory: borrowing TemporaryDirectory, _ name: String, _ accuracy: Double) throws -> RunRecord
  {
    let path = directory.file(name)
    try makeFolder(path)
    try writeBytes(Array(Configuration().yaml().utf8), to: "\(path)/config.yaml")
    try writeBytes(Array(#"{"status":"finished","linear_top1":\#(accuracy)}"#.utf8), to: "\(path)/summary.json")
    return try RunRecord(path: path)
  }

  @Test func `the table and the plots have the metric of every finished run`() throws {
    let directory = try TemporaryDirectory()
    let entries = [
      SweepReport.Entry(name: "a", values: ["temperature": "0.1"], record: try record(directory, "a", 0.5)),
      SweepReport.Entry(name: "b", values: ["temperature": "0.2"], record: try record(directory, "b", 0.75)),
      SweepReport.Entry(name: "c", values: ["temperature": "0.2"], record: nil),
    ]
    let report = SweepReport(title: "sweep", entries: entries, options: ["temperature"], metric: nil)
    #expect(report.resultCount == 2)
    #expect(
      report.csv == """
        run,temperature,status,linear_top1
        a,0.1,finished,0.5
        b,0.2,finished,0.75
        c,0.2,not begun,

        """)
    let html = report.page.html
    #expect(html.contains("By temperature") && html.contains("0.2: median 75, from 75 to 75"))
    let best = try #require(html.range(of: ">b</th>"))
    let other = try #require(html.range(of: ">a</th>"))
    #expect(best.lowerBound < other.lowerBound)
  }

  @Test func `an accuracy of 100 % is not drawn on an axis beyond it`() throws {
    let directory = try TemporaryDirectory()
    let entries = [
      SweepReport.Entry(name: "a", values: ["temperature": "0.1"], record: try record(directory, "a", 1)),
      SweepReport.Entry(name: "b", values: ["temperature": "0.2"], record: try record(directory, "b", 1)),
    ]
    let html = SweepReport(title: "sweep", entries: entries, options: ["temperature"], metric: nil).page.html
    #expect(html.contains(">100</text>") && !html.contains(">102</text>") && !html.contains(">104</text>"))
  }

  @Test func `quartiles are interpolated between sorted values`() {
    let numbers = BoxPlot.quartiles([4, 1, 3, 2])
    #expect(numbers.low == 1 && numbers.lower == 1.75 && numbers.median == 2.5 && numbers.upper == 3.25)
    #expect(numbers.high == 4 && BoxPlot.quartiles([7]).median == 7)
  }
}
