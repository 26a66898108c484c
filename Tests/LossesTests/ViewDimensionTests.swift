import Foundation
import TestSupport
import Testing

/// `supcon loss` of embeddings with a dimension of views, `[samples, views, width]`: the same as of the rows by view.
struct ViewDimensionTests {
  private static let (samples, views, width) = (11, 3, 4)
  private static let labels = (0..<samples).map { sample in Int32(sample * sample % 5) }
  private static let bySample: [Double] = {
    let classes = labels.flatMap { label in Array(repeating: Int(label), count: views) }
    return LossCase.unitRows(count: samples * views, width: width, seed: 3, attraction: 0.5, labels: classes)
  }()

  /// Moves rows from the order (sample, view) to (view, sample).
  private func byView(_ rows: [Double]) -> [Double] {
    (0..<Self.views).flatMap { view in
      (0..<Self.samples).flatMap { sample in
        let place = (sample * Self.views + view) * Self.width
        return rows[place..<place + Self.width]
      }
    }
  }

  private func answer(
    ranks: Int, shape: [Int], _ rows: [Double], labels: [Int32]?, _ options: [String]
  ) throws -> (line: String, gradient: [Double]) {
    let directory = try TemporaryDirectory()
    try PlainNumPy.write(rows, type: "<f8", shape: shape, to: directory.file("z.npy"))
    var arguments = ["loss", "--embeddings", directory.file("z.npy"), "--gradient", directory.file("g.npy"), "--json"]
    if let labels {
      try PlainNumPy.write(labels, type: "<i4", shape: [labels.count], to: directory.file("y.npy"))
      arguments += ["--labels", directory.file("y.npy")]
    }
    let supcon = try builtExecutable("supcon")
    let result =
      ranks == 1
      ? try runProcess(supcon, arguments + options) : try runUnderMPI(ranks: ranks, supcon, arguments + options)
    try #require(result.exitCode == 0, "\(result.standardError)")
    let gradient = try PlainNumPy.read(directory.file("g.npy"), as: Double.self)
    #expect(gradient.header.contains("(\(shape.map(String.init).joined(separator: ", ")))"))
    return (result.lastLine, gradient.elements)
  }

  @Test(arguments: [1, 3], [[], ["--contrast-mode", "one"], ["--views", "3"]])
  func `loss and gradient are those of the rows by view`(ranks: Int, options: [String]) throws {
    let hasLabels = options.first != "--views"
    let whole = try answer(
      ranks: ranks, shape: [Self.samples, Self.views, Self.width], Self.bySample,
      labels: hasLabels ? Self.labels : nil, options)
    let rows = try answer(
      ranks: 1, shape: [Self.samples * Self.views, Self.width], byView(Self.bySample),
      labels: hasLabels ? Array(repeating: Self.labels, count: Self.views).flatMap { $0 } : nil,
      options.isEmpty || !hasLabels ? options : options + ["--views", "3"])
    #expect(whole.line == rows.line)
    #expect(byView(whole.gradient) == rows.gradient)
  }
}
