import Foundation
import TestSupport
import Testing

/// No N×N matrix exists: at N = 16,384 one of float32 would be 1 GiB.
struct LossMemoryTests {
  private let width = 128

  private func peakBytes(rows count: Int) throws -> Int {
    let directory = try TemporaryDirectory()
    let (embeddings, labels) = (directory.file("z.npy"), directory.file("y.npy"))
    var numbers = TestNumbers(seed: 1)
    var rows: [Float] = []
    rows.reserveCapacity(count * width)
    for _ in 0..<count {
      // Uniform numbers suffice: the row's direction does not matter here, only its length.
      let row = (0..<width).map { _ in Float(numbers.uniform() - 0.5) }
      let length = row.reduce(0) { sum, element in sum + element * element }.squareRoot()
      rows += row.map { element in element / length }
    }
    try PlainNumPy.write(rows, type: "<f4", shape: [count, width], to: embeddings)
    try PlainNumPy.write((0..<count).map { row in UInt8(row % 10) }, type: "|u1", shape: [count], to: labels)
    let gradient = directory.file("g.npy")
    let result = try runProcess(
      try builtExecutable("supcon"),
      [
        "loss", "--embeddings", embeddings, "--labels", labels, "--gradient", gradient, "--json", "--threads", "2",
      ], timeoutSeconds: 300)
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(try PlainNumPy.read(gradient, as: Float.self).elements.count == count * width)
    return result.peakResidentBytes
  }

  @Test func `memory grows with the rows, not with their pairs`() throws {
    let small = try peakBytes(rows: 256)
    let count = 16_384
    let large = try peakBytes(rows: count)
    let embeddingsAndGradient = 2 * count * width * 4
    #expect(small > 0)
    #expect(large - small < embeddingsAndGradient + 50_000_000, "\(small) and \(large) bytes")
  }
}
