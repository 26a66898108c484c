import Configuration
import Formats
import Foundation
import Measures
import RunLogging
import Runs
import TestSupport
import Testing

/// The records of a run in its files.
struct RunFilesTests {
  private func epoch(_ number: Int) -> EpochRecord {
    EpochRecord(
      epoch: number, step: 6 * number, loss: 4.5, lossLowerBound: 1.25, learningRate: Double(Float(0.05)),
      viewsPerSecond: 100, seconds: 2, stepsCounted: 6, trainTop1: nil)
  }

  private func evaluation(step: Int) -> EvaluationRecord {
    var record = EvaluationRecord(step: step, epoch: 2, queries: "validation", querySamples: 20, referenceSamples: 80)
    (record.measures.knn20Top1, record.measures.linearProbeTop1, record.measures.uniformity) = (0.75, 0.5, -1.5)
    return record
  }

  @Test func `a line has the fields of its record, its kind and time, and is read again`() throws {
    let line = MetricsLine(evaluation(step: 12), time: Date(timeIntervalSince1970: 0)).encoded()
    #expect(
      line
        == #"{"epoch":2,"kind":"evaluation","knn20_weighted_top1":0.75,"linear_probe_top1":0.5,"queries":"validation","query_samples":20,"reference_samples":80,"seconds":0,"step":12,"time":"1970-01-01T00:00:00Z","uniformity":-1.5}"#
    )
    let read = try JSONDecoder().decode(MetricsLine<EvaluationRecord>.self, from: Data(line.utf8))
    #expect(
      read.record.measures.knn20Top1 == 0.75 && read.record.measures.classMeansTop1 == nil
        && read.record.averageMeasures == nil && read.time == "1970-01-01T00:00:00Z")
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(MetricsLine<EpochRecord>.self, from: Data(line.utf8))
    }
    #expect(
      evaluation(step: 12).curves.map(\.name) == ["knn20_weighted_top1", "linear_probe_top1", "seconds", "uniformity"])
  }

  @Test func `measures of averaged weights stand beside the raw ones, under names of their own`() throws {
    var record = evaluation(step: 12)
    record.averageMeasures = EvaluationRecord.Measures()
    record.averageMeasures?.knn20Top1 = 0.875
    let line = MetricsLine(record, time: Date(timeIntervalSince1970: 0)).encoded()
    #expect(line.contains(#""average_knn20_weighted_top1":0.875"#) && line.contains(#""knn20_weighted_top1":0.75"#))
    let read = try JSONDecoder().decode(MetricsLine<EvaluationRecord>.self, from: Data(line.utf8)).record
    #expect(read.measures == record.measures && read.averageMeasures == record.averageMeasures)
    #expect(record.curves.first?.name == "average_knn20_weighted_top1" && record.curves.first?.value == 0.875)
    let directory = try TemporaryDirectory()
    let files = try RunFiles(
      RunDirectory(path: directory.path), from: 0, report: Reporter { _, line in Issue.record("\(line)") })
    files.add(epoch(2))
    files.add(record)
    let rows = try String(contentsOfFile: directory.file("summary.csv"), encoding: .utf8).split(separator: "\n")
    #expect(rows.last == "2,12,4.5,1.25,3.25,0.05,100.0,2.0,,,0.75,,,0.5,0.875,,,")
  }

  @Test(arguments: ["\n", "\r\n"])
  func `an evaluation completes the row of its epoch; rows of earlier versions are kept`(lineEnd: String) throws {
    let directory = try TemporaryDirectory()
    try ["epoch,step,loss", "1,6,4.75", "2,12,4.5", ""].joined(separator: lineEnd).write(
      toFile: directory.file("summary.csv"), atomically: true, encoding: .utf8)
    // As a resume after step 6 leaves it.
    let files = try RunFiles(
      RunDirectory(path: directory.path), from: 6, report: Reporter { _, line in Issue.record("\(line)") })
    files.add(epoch(2))
    files.add(evaluation(step: 12))
    files.add(epoch(3))
    files.add(evaluation(step: 12))
    let rows = try String(contentsOfFile: directory.file("summary.csv"), encoding: .utf8).split(separator: "\n")
    #expect(rows[0].contains(",knn20_weighted_top1,knn200_weighted_top1,class_means_top1,linear_probe_top1,"))
    #expect(rows[0].hasSuffix(",average_knn200_weighted_top1,average_class_means_top1,average_linear_probe_top1"))
    #expect(
      rows.dropFirst() == [
        "1,6,4.75,,,,,,,,,,,,,,,", "2,12,4.5,1.25,3.25,0.05,100.0,2.0,,,0.75,,,0.5,,,,",
        "3,18,4.5,1.25,3.25,0.05,100.0,2.0,,,,,,,,,,",
      ])
    let events = try FileManager.default.contentsOfDirectory(atPath: directory.file("tensorboard"))
    let event = try #require(events.first)
    let scalars = try EventFile([UInt8](Data(contentsOf: URL(fileURLWithPath: directory.file("tensorboard/\(event)")))))
      .scalars
    #expect(scalars.contains(EventFile.Scalar(tag: "evaluation/knn20_weighted_top1", step: 12, value: 0.75)))
    #expect(scalars.contains(EventFile.Scalar(tag: "epoch/loss", step: 18, value: 4.5)))
  }

  @Test func `what is measured after a resume completes the row that an earlier start wrote`() throws {
    let directory = try TemporaryDirectory()
    func open(from step: Int) throws -> RunFiles {
      try RunFiles(
        RunDirectory(path: directory.path), from: step, report: Reporter { _, line in Issue.record("\(line)") })
    }
    let first = try open(from: 0)
    first.add(epoch(1))
    first.add(epoch(2))
    let second = try open(from: 12)
    second.add(evaluation(step: 12))
    second.add(TestRecord(step: 12, epoch: 2, testTop1: 0.25, testTop5: nil))
    // No epoch has ended with this step.
    second.add(evaluation(step: 13))
    let rows = try String(contentsOfFile: directory.file("summary.csv"), encoding: .utf8).split(separator: "\n")
    #expect(
      rows.dropFirst() == [
        "1,6,4.5,1.25,3.25,0.05,100.0,2.0,,,,,,,,,,", "2,12,4.5,1.25,3.25,0.05,100.0,2.0,,0.25,0.75,,,0.5,,,,",
      ])
  }

  @Test func `figures are histograms of lengths and similarities, and tables of unit rows`() throws {
    let rows = FeatureRows(features: [3, 4, 0, 2, -1, 0], labels: [0, 0, 1], width: 2)
    let figures = EvaluationFigures(representations: rows, projections: nil, classNames: ["cat", "dog"]) { sample in
      "image \(sample)"
    }
    let histograms = Dictionary(uniqueKeysWithValues: figures.histograms.map { tag, value in (tag, value) })
    guard case .histogram(let lengths) = try #require(histograms["evaluation/representation_norms"]),
      case .histogram(let same) = try #require(histograms["evaluation/similarities_same_class"]),
      case .histogram(let other) = try #require(histograms["evaluation/similarities_other_classes"])
    else {
      Issue.record("no histograms")
      return
    }
    #expect((lengths.count, lengths.minimum, lengths.maximum) == (3, 1, 5))
    #expect((same.count, same.sum) == (1, Double(Float(0.8))))
    #expect((other.count, other.minimum, other.maximum) == (2, Double(Float(-0.6)), 0))
    let table = try #require(figures.projected.first)
    #expect(table.elements == [0.6, 0.8, 0, 1, -1, 0] && figures.projected.count == 1)
    #expect(table.metadata.map(\.heading) == ["class", "image"] && table.metadata[0].values == ["cat", "cat", "dog"])
  }

  @Test func `similarities of images without labels are not called those of a class`() {
    let rows = FeatureRows(features: [3, 4, 0, 2], labels: [0, 0], width: 2)
    let figures = EvaluationFigures(representations: rows, projections: nil, classNames: ["photos"]) { sample in
      "image \(sample)"
    }
    let tags = figures.histograms.map { tag, _ in tag }
    #expect(tags == ["evaluation/representation_norms", "evaluation/similarities"])
  }
}
