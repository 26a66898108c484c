import RunLogging
import Testing

/// The figures of a step on lines of limited width.
struct ProgressTextTests {
  private func text(step: Int = 4680, lastStep: Int = 39_000, scale: Double = 1, neighborsTop1: Double? = 0.812)
    -> ProgressText
  {
    ProgressText(
      step: step, lastStep: lastStep, epoch: 12, epochs: 100, loss: 5.3012 * scale, excess: 1.0321 * scale,
      learningRate: 0.0498 / scale, viewsPerSecond: 1755 * scale, dataShare: 0.034, secondsLeft: 3790 * scale,
      neighborsTop1: neighborsTop1)
  }

  @Test func `a terminal of 200 columns has every figure in words`() {
    #expect(
      text().statusLine(columns: 200)
        == "epoch 12/100  step 4680/39000  loss 5.3012  excess 1.0321  learning rate 0.0498  1755 views/s  3 % waiting for data  1 h 3 min left  k-NN 81.2 %"
    )
  }

  @Test func `a terminal of 80 columns has every figure`() {
    let line = text().statusLine(columns: 80)
    #expect(line == "ep 12 4680/39000 loss 5.301 +1.032 lr 0.0498 1755/s wait 3% left 1h03m kNN 81.2")
    #expect(line.count == 79)
  }

  @Test func `no line is as long as the terminal is wide`() {
    for columns in 1...250 {
      for scale in [1, 1e-6, 1e6] {
        let line = text(step: 123_456_789, lastStep: 999_999_999, scale: scale).statusLine(columns: columns)
        #expect(line.count < columns, "\(columns): \(line)")
      }
    }
  }

  @Test func `loss and step are the last to go`() {
    let line = text().statusLine(columns: 24)
    #expect(line.contains("4680") && line.contains("loss 5.301"), "\(line)")
  }

  @Test func `a plain line has at most 80 columns, with the learning rate`() {
    #expect(
      text().plainLine == "step 4680/39000 loss 5.3012 excess 1.0321 lr 0.0498 1755/s wait 3% left 1h03m")
    for scale in [1e-6, 1, 1000, 1e6] {
      let line = text(step: 123_456, lastStep: 999_999, scale: scale).plainLine
      #expect(line.count <= 80 && line.contains("lr ") && line.contains("loss "), "\(line)")
    }
  }

  @Test func `numbers keep three digits, durations two units`() {
    #expect(
      [0.0498, 0.1, 1, 12.345, 512, 0.00012345, 0].map(threeDigits) == [
        "0.0498", "0.100", "1.00", "12.3", "512", "0.000123", "0.00",
      ])
    #expect(
      [0.4, 59.6, 192, 3790, 90_000, .infinity].map(shortDuration) == [
        "0s", "1m00s", "3m12s", "1h03m", "1d01h", "?",
      ])
  }
}
