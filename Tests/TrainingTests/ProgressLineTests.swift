import Job
import Testing

/// The bar that long operations draw on a terminal.
struct ProgressLineTests {
  @Test func `title, bar and text fill a row but for two columns`() {
    let line = ProgressLine.line("packing", "5/10, 3 s left", share: 0.5, columns: 40)
    #expect(line == "packing [######-------] 5/10, 3 s left")
  }

  @Test(arguments: [40, 60, 80, 120])
  func `a path that is too long for the row loses its beginning`(columns: Int) {
    let text = "512/1281167, 12 min left"
    let title = "decoding /home/somebody/datasets/imagenet/ILSVRC2012/Data/CLS-LOC/a folder with a long name/train"
    let line = ProgressLine.line(title, text, share: 0.4, columns: columns)
    #expect(line.count < columns && line.first == "…")
    #expect(line.hasSuffix("n [##---] \(text)"), "\(line)")
  }

  @Test(arguments: [40, 60, 80])
  func `letters that take two columns leave the row as long as others`(columns: Int) {
    let line = ProgressLine.line("decoding 数据/训练集", "5/10, 3 s left", share: 0.5, columns: columns)
    // Five of its characters take a second column each.
    #expect(line.count + 5 == columns - 2, "\(line)")
    #expect(line.contains("数据/训练集 [#") && line.hasSuffix("-] 5/10, 3 s left"), "\(line)")
  }

  @Test func `a title of such letters is cut between two of them`() {
    let line = ProgressLine.line("decoding 数据/训练集", "5/10, 3 s left", share: 0.5, columns: 30)
    #expect(line == "…练集 [##---] 5/10, 3 s left")
  }

  @Test func `a terminal too narrow for the text cuts its end`() {
    let line = ProgressLine.line("packing", "512/1281167, 12 min left", share: 0, columns: 20)
    #expect(line == "… [-----] 512/12811")
  }
}
