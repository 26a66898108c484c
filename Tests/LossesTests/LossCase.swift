import Foundation
import TestSupport
import Testing

/// One batch that `supcon loss` is asked for.
struct LossCase: Sendable, CustomTestStringConvertible {
  let name: String
  let rows: [Double]
  let width: Int
  /// The classes; given to the command as labels unless `views` is set.
  let labels: [Int]
  var temperature = 0.1
  /// The number of views of SimCLR, whose classes are used instead of labels.
  var views: Int?
  var isNormalizing = false
  var variant = ReferenceVariant()

  var testDescription: String { name }
  var count: Int { labels.count }

  /// Rows of unit length around a direction of each class.
  ///
  /// Every class and every row is different, so that no mistake is hidden by symmetry.
  static func unitRows(count: Int, width: Int, seed: UInt64, attraction: Double, labels: [Int]) -> [Double] {
    var rows: [Double] = []
    for row in 0..<count {
      var own = TestNumbers(seed: seed &* 1_000_003 &+ UInt64(row))
      var shared = TestNumbers(seed: seed &* 7_000_003 &+ 99 &+ UInt64(labels[row]))
      let elements = (0..<width).map { _ in own.normal() + attraction * shared.normal() }
      let length = elements.reduce(0) { sum, element in sum + element * element }.squareRoot()
      rows += elements.map { element in element / length }
    }
    return rows
  }

  static func random(
    _ name: String, width: Int, labels: [Int], temperature: Double = 0.1, attraction: Double = 0.7, views: Int? = nil
  ) -> LossCase {
    let seed = UInt64(labels.count * 31 + width)
    let rows = unitRows(count: labels.count, width: width, seed: seed, attraction: attraction, labels: labels)
    return LossCase(
      name: name, rows: rows, width: width, labels: labels, temperature: temperature, views: views)
  }

  /// Classes of very different sizes: class k has about 2^−k of the rows; the last ones are singletons.
  static func skewedLabels(count: Int) -> [Int] {
    var numbers = TestNumbers(seed: UInt64(count))
    return (0..<count).map { _ in Int(-log2(1 - numbers.uniform())) }
  }

  /// Many classes of about four rows; some singletons.
  static func manyLabels(count: Int) -> [Int] {
    var numbers = TestNumbers(seed: UInt64(count))
    return (0..<count).map { _ in Int(numbers.uniform() * Double(count) / 4) }
  }

  /// As the command sees the rows in float32 or float64, from the definition.
  func reference(rounded: Bool) -> ReferenceLoss {
    let seen = rounded ? rows.map { element in Double(Float(element)) } : rows
    return ReferenceLoss(rows: seen, width: width, labels: labels, temperature: temperature, variant: variant)
  }
}

/// The output of `supcon loss`.
struct LossAnswer: Equatable {
  let loss: Double
  let anchors: Int
  let collapseValue: Double
  let lowerBound: Double
  /// Widened from the file's type.
  let gradient: [Double]
  /// The description in the gradient file.
  let gradientHeader: String
}

/// The last line of `--json`.
struct LossLine: Decodable {
  // swift-format-ignore: AlwaysUseLowerCamelCase
  let loss, collapse_value, lower_bound: Double
  let anchors: Int
}

/// The files of one batch and the options that go with them.
private struct LossFiles: Encodable {
  let embeddings: String
  var labels: String?
  var views: Int?
  let temperature: Double
  let isNormalizing: Bool
  /// The options of the variant, without their dashes.
  let variant: [String: String]
  let gradient: String
  let threads: Int

  /// The arguments of `supcon loss`.
  var arguments: [String] {
    var arguments = [
      "loss", "--embeddings", embeddings, "--temperature", "\(temperature)", "--gradient", gradient, "--json",
      "--threads", "\(threads)",
    ]
    arguments += variant.sorted { one, two in one.key < two.key }.flatMap { name, value in ["--\(name)", value] }
    arguments += views.map { views in ["--views", "\(views)"] } ?? []
    arguments += labels.map { labels in ["--labels", labels] } ?? []
    return arguments + (isNormalizing ? ["--normalize"] : [])
  }
}

extension LossCase {
  /// Runs `supcon loss` on the given number of ranks; a single rank runs without `mpirun`.
  func run(ranks: Int, isDouble: Bool, threads: Int = 1) throws -> LossAnswer {
    let directory = try TemporaryDirectory()
    let files = try write(to: directory.path, isDouble: isDouble, threads: threads)
    let supcon = try builtExecutable("supcon")
    let result =
      ranks == 1
      ? try runProcess(supcon, files.arguments) : try runUnderMPI(ranks: ranks, supcon, files.arguments)
    guard result.exitCode == 0 else { throw LossFailure(description: "\(name): \(result)") }
    return try Self.answer(result.lastLine, gradient: files.gradient, isDouble: isDouble)
  }

  /// Evaluates several batches as `supcon loss` does, in one start of the ranks; a single rank runs without `mpirun`.
  static func run(_ cases: [LossCase], ranks: Int, isDouble: Bool = false) throws -> [LossAnswer] {
    let directory = try TemporaryDirectory()
    let files = try cases.enumerated().map { place, lossCase in
      try makeFolder(directory.file("\(place)"))
      return try lossCase.write(to: directory.file("\(place)"), isDouble: isDouble, threads: 1)
    }
    try writeBytes(Array(JSONEncoder().encode(files)), to: directory.file("list.json"))
    let (program, list) = (try builtExecutable("loss-cases"), directory.file("list.json"))
    let result = ranks == 1 ? try runProcess(program, [list]) : try runUnderMPI(ranks: ranks, program, [list])
    let lines = result.standardOutput.split(separator: "\n").map(String.init)
    guard result.exitCode == 0, lines.count == cases.count else { throw LossFailure(description: "\(result)") }
    return try zip(lines, files).map { line, files in
      try answer(line, gradient: files.gradient, isDouble: isDouble)
    }
  }

  /// Writes the batch to files of a folder.
  private func write(to folder: String, isDouble: Bool, threads: Int) throws -> LossFiles {
    // Without a word for the plain loss: its options are the defaults.
    let isPlain = variant.testDescription == ReferenceVariant().testDescription
    var files = LossFiles(
      embeddings: "\(folder)/z.npy", temperature: temperature, isNormalizing: isNormalizing,
      variant: isPlain ? [:] : variant.options, gradient: "\(folder)/g.npy", threads: threads)
    if isDouble {
      try PlainNumPy.write(rows, type: "<f8", shape: [count, width], to: files.embeddings)
    } else {
      let rows = rows.map { element in Float(element) }
      try PlainNumPy.write(rows, type: "<f4", shape: [count, width], to: files.embeddings)
    }
    if let views {
      files.views = views
    } else {
      files.views = variant.views > 1 ? variant.views : nil
      files.labels = "\(folder)/y.npy"
      try PlainNumPy.write(labels.map(Int32.init), type: "<i4", shape: [count], to: "\(folder)/y.npy")
    }
    // What stood there before must not shine through.
    try writeBytes(Array(repeating: 0xFF, count: rows.count * 8 + 1000), to: files.gradient)
    return files
  }

  /// The answer of a line and a file of the gradient.
  private static func answer(_ text: String, gradient: String, isDouble: Bool) throws -> LossAnswer {
    let line = try JSONDecoder().decode(LossLine.self, from: Data(text.utf8))
    let (header, elements): (String, [Double])
    if isDouble {
      (header, elements) = try PlainNumPy.read(gradient, as: Double.self)
    } else {
      let (text, floats) = try PlainNumPy.read(gradient, as: Float.self)
      (header, elements) = (text, floats.map(Double.init))
    }
    return LossAnswer(
      loss: line.loss, anchors: line.anchors, collapseValue: line.collapse_value, lowerBound: line.lower_bound,
      gradient: elements, gradientHeader: header)
  }
}

/// `supcon loss` failed where it should not.
struct LossFailure: Error, CustomStringConvertible {
  let description: String
}
