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

  @Test func `a terminal too narrow for the text cuts its end`() {
    let line = ProgressLine.line("packing", "512/1281167, 12 min left", share: 0, columns: 20)
    #expect(line == "… [-----] 512/12811")
  }
}
