import Foundation
import TestSupport
import Testing

/// Messages and exit codes of `supcon loss` for invalid input.
struct LossRefusalTests {
  private static let rows: [Float] = (0..<70).flatMap { row in [cos(Float(row)), sin(Float(row))] }
  private static let labels = (0..<70).map { row in Int32(row % 3) }

  /// Runs the command on 70 good rows with their labels, changed by `prepare`.
  private func run(
    ranks: Int = 1, rows: [Float] = Self.rows, options: [String] = [],
    prepare: (_ embeddings: String, _ labels: String) throws -> Void = { _, _ in }
  ) throws -> ProcessResult {
    let directory = try TemporaryDirectory()
    let (embeddings, labels) = (directory.file("z.npy"), directory.file("y.npy"))
    try PlainNumPy.write(rows, type: "<f4", shape: [70, 2], to: embeddings)
    try PlainNumPy.write(Self.labels, type: "<i4", shape: [70], to: labels)
    try prepare(embeddings, labels)
    let arguments = ["loss", "--embeddings", embeddings, "--labels", labels, "--json"] + options
    let supcon = try builtExecutable("supcon")
    return ranks == 1 ? try runProcess(supcon, arguments) : try runUnderMPI(ranks: ranks, supcon, arguments)
  }

  @Test func `good input is not refused`() throws {
    let result = try run()
    #expect(result.exitCode == 0)
    _ = try JSONDecoder().decode(LossLine.self, from: Data(result.lastLine.utf8))
  }

  @Test(arguments: [1, 3])
  func `a row that is not of unit length is named`(ranks: Int) throws {
    var rows = Self.rows
    rows[2 * 67] *= 1.01
    rows[2 * 67 + 1] *= 1.01
    let result = try run(ranks: ranks, rows: rows)
    #expect(result.exitCode == 65)
    #expect(result.standardError.contains("z.npy: row 67 has length 1.0"))
    #expect(result.standardError.contains("--normalize"))
    #expect(try run(ranks: ranks, rows: rows, options: ["--normalize"]).exitCode == 0)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `a number that is not finite is named by its row`(number: Float) throws {
    var rows = Self.rows
    rows[2 * 41 + 1] = number
    for options in [[], ["--normalize"]] {
      let result = try run(rows: rows, options: options)
      #expect(result.exitCode == 65)
      #expect(result.standardError.contains("z.npy: row 41 "))
    }
  }

  /// Their squares are beyond float64, their directions are not.
  @Test(arguments: [1e200, 1e-200])
  func `very long and very short rows are scaled`(length: Double) throws {
    let rows = Self.rows.map(Double.init)
    let plain = try run(options: ["--normalize"]) { embeddings, _ in
      try PlainNumPy.write(rows, type: "<f8", shape: [70, 2], to: embeddings)
    }
    let result = try run(options: ["--normalize"]) { embeddings, _ in
      try PlainNumPy.write(rows.map { element in element * length }, type: "<f8", shape: [70, 2], to: embeddings)
    }
    #expect(result.exitCode == 0, "\(result.standardError)")
    let lines = try [plain, result].map { result in
      try JSONDecoder().decode(LossLine.self, from: Data(result.lastLine.utf8))
    }
    #expect(abs(lines[0].loss - lines[1].loss) < 1e-12)
  }

  @Test func `a zero row has no direction`() throws {
    var rows = Self.rows
    rows[2 * 5] = 0
    rows[2 * 5 + 1] = 0
    let result = try run(rows: rows, options: ["--normalize"])
    #expect(result.exitCode == 65)
    #expect(result.standardError.contains("row 5 "))
  }

  @Test(arguments: [1, 2])
  func `missing files are named`(ranks: Int) throws {
    for name in ["z.npy", "y.npy"] {
      let result = try run(ranks: ranks) { embeddings, labels in
        try FileManager.default.removeItem(atPath: name == "z.npy" ? embeddings : labels)
      }
      #expect(result.exitCode == 66)
      #expect(result.standardError.contains(name))
    }
    #expect(try run(options: ["--gradient", "/nonexistent-folder/g.npy"]).exitCode == 73)
  }

  @Test(arguments: [([70, 1], ".ravel()"), ([70, 3], ".argmax(1)")])
  func `labels in columns are refused with the command that mends them`(shape: [Int], command: String) throws {
    let result = try run { _, labels in
      try PlainNumPy.write([Int32](repeating: 1, count: shape.reduce(1, *)), type: "<i4", shape: shape, to: labels)
    }
    #expect(result.exitCode == 65)
    #expect(result.standardError.contains("expected the shape [70], found \(shape)"))
    #expect(result.standardError.contains(command))
  }

  @Test func `the largest number of a type is noted, as it may mean that there is no label`() throws {
    let result = try run { _, labels in
      try PlainNumPy.write(
        (0..<70).map { row in UInt8(row < 10 ? 255 : row % 3) }, type: "|u1", shape: [70], to: labels)
    }
    #expect(result.exitCode == 0)
    #expect(
      result.standardError.contains("10 rows have the label 255") && result.standardError.contains("--ignore-label 255")
    )
  }

  @Test(arguments: [1, 3])
  func `a batch without a positive is warned about, and its line stays as it is`(ranks: Int) throws {
    let warning = "warning: "
    let none = "loss and gradient are 0 without a meaning, as no row has a positive"
    func different(_ path: String) throws {
      try PlainNumPy.write((0..<70).map { row in Int32(row) }, type: "<i4", shape: [70], to: path)
    }
    let ignoring = ["0", "1", "2"].flatMap { label in ["--ignore-label", label] }
    for result in [
      try run(ranks: ranks) { _, labels in try different(labels) },
      try run(ranks: ranks, options: ignoring),
      try run(ranks: ranks, options: ["--ignore-label", "-1"]) { _, labels in try different(labels) },
    ] {
      #expect(result.exitCode == 0)
      #expect(result.standardError.contains(warning) && result.standardError.contains("y.npy: \(none)"))
      #expect(try JSONDecoder().decode(LossLine.self, from: Data(result.lastLine.utf8)).anchors == 0)
    }
    let negatives = try run(ranks: ranks, options: ["--denominator", "only-negatives"]) { _, labels in
      try PlainNumPy.write([Int32](repeating: 4, count: 70), type: "<i4", shape: [70], to: labels)
    }
    #expect(negatives.standardError.contains("no row has a negative"), "\(negatives.standardError)")
    #expect(!(try run(ranks: ranks).standardError.contains(warning)))
  }

  @Test(arguments: [["0", "1"], ["1", "0"], ["-1", "1", "0"], ["0", "0", "1"]])
  func `each --ignore-label counts`(ignored: [String]) throws {
    let options = ignored.flatMap { label in ["--ignore-label", label] }
    // Rows with labels that no other row has are what ignored rows are.
    let alone = try run { _, labels in
      let numbers = (0..<70).map { row in Int32(row % 3 == 2 ? 2 : 100 + row) }
      try PlainNumPy.write(numbers, type: "<i4", shape: [70], to: labels)
    }
    let result = try run(options: options)
    #expect(result.exitCode == 0, "\(result.standardError)")
    #expect(result.lastLine == alone.lastLine)
  }

  @Test func `files of another shape or type are refused`() throws {
    let zeros = [Float](repeating: 0, count: 140)
    let prepared: [(String, String) throws -> Void] = [
      { embeddings, _ in try PlainNumPy.write(zeros, type: "<f4", shape: [140], to: embeddings) },
      { embeddings, _ in try PlainNumPy.write(zeros, type: "<f4", shape: [70, 2, 1], to: embeddings) },
      { embeddings, _ in try PlainNumPy.write([Float](), type: "<f4", shape: [0, 2], to: embeddings) },
      { embeddings, _ in try PlainNumPy.write([Float](), type: "<f4", shape: [70, 0], to: embeddings) },
      { embeddings, _ in try PlainNumPy.write(zeros, type: "<i4", shape: [70, 2], to: embeddings) },
      { _, labels in try PlainNumPy.write([Int32](repeating: 0, count: 69), type: "<i4", shape: [69], to: labels) },
      { _, labels in try PlainNumPy.write([Float](repeating: 0, count: 70), type: "<f4", shape: [70], to: labels) },
      { _, labels in try writeBytes(Array("not an array".utf8), to: labels) },
      { embeddings, _ in try writeBytes(Array(try readBytes(embeddings).dropLast(1)), to: embeddings) },
    ]
    for prepare in prepared {
      let result = try run(prepare: prepare)
      #expect(result.exitCode == 65, "\(result)")
      #expect(result.standardError.contains(".npy"))
    }
  }

  @Test(arguments: [
    ["--temperature", "0"], ["--temperature", "-1"], ["--temperature", "nan"], ["--temperature", "inf"],
    ["--temperature", "1e-40"], ["--temperature", "1e-310"], ["--temperature", "warm"], ["--views", "2"],
    ["--threads", "0"], ["--none-such"], ["extra"],
  ])
  func `options that make no sense are refused`(options: [String]) throws {
    let result = try run(options: options)
    #expect(result.exitCode == 64)
    #expect(result.standardError.contains(options[0]))
  }

  @Test(arguments: [
    ["--summation", "outside"], ["--contrast-mode", "two"], ["--denominator", "none"], ["--positives-cap", "-2"],
    ["--positives-cap", "all"], ["--loss-scale", "2"],
  ])
  func `variants that do not exist are refused`(options: [String]) throws {
    let result = try run(options: [options[0] + "=" + options[1]])
    #expect(result.exitCode == 64)
    #expect(result.standardError.contains("\(options[0]) \(options[1]): expected"))
  }

  /// Each with what clashes.
  @Test(arguments: [
    (["--contrast-mode", "one"], ["--contrast-mode one", "--views 1"]),
    (["--positives-cap", "3", "--views", "2"], ["--positives-cap 3", "--views 2", "choose 2 or 4"]),
    (["--positives-cap", "0"], ["--positives-cap 0", "--views 1"]),
    (["--views", "2", "--summation", "in"], ["--views", "--labels"]),
  ])
  func `options that clash are refused by their names`(options: [String], names: [String]) throws {
    let result = try run(options: options)
    #expect(result.exitCode == 64)
    for name in names {
      #expect(result.standardError.contains(name), "\(result.standardError)")
    }
  }

  @Test func `clashing options of pretraining are refused by their names`() throws {
    let clashes: [([String], [String])] = [
      (["--loss", "simclr", "--views", "1"], ["--loss simclr", "--views 1"]),
      (["--loss", "simclr", "--positives-cap", "4"], ["SimCLR", "--positives-cap 4"]),
      (["--views", "3", "--positives-cap", "4"], ["--views 3", "--positives-cap 4"]),
      (["--views", "1", "--contrast-mode", "one"], ["--views 1", "--contrast-mode one"]),
    ]
    for (options, names) in clashes {
      let result = try runProcess(
        try builtExecutable("supcon"), ["pretrain", "--output", "/nonexistent/run"] + options)
      #expect(result.exitCode == 64, "\(result)")
      for name in names {
        #expect(result.standardError.contains(name), "\(result.standardError)")
      }
    }
  }

  @Test(arguments: [1, 2])
  func `views of one sample have one label`(ranks: Int) throws {
    let result = try run(ranks: ranks, options: ["--views", "2", "--contrast-mode", "one"])
    #expect(result.exitCode == 65)
    #expect(result.standardError.contains("y.npy: row 35 has label 2"))
  }

  @Test func `options that are missing or do not fit are refused`() throws {
    let supcon = try builtExecutable("supcon")
    #expect(try runProcess(supcon, ["loss"]).exitCode == 64)
    #expect(try runProcess(supcon, ["loss", "--embeddings", "z.npy"]).exitCode == 64)
    #expect(try runProcess(supcon, ["loss", "--embeddings", "z.npy", "--views", "0"]).exitCode == 64)
    #expect(try runUnderMPI(ranks: 2, supcon, ["loss", "--embeddings", "z.npy"]).exitCode == 64)
    let directory = try TemporaryDirectory()
    let path = directory.file("z.npy")
    try PlainNumPy.write(Self.rows, type: "<f4", shape: [70, 2], to: path)
    let result = try runProcess(supcon, ["loss", "--embeddings", path, "--views", "4"])
    #expect(result.exitCode == 65)
    #expect(result.standardError.contains("70") && result.standardError.contains("--views 4"))
  }

  @Test func `a refused batch leaves the gradient file as it was`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("g.npy")
    try writeBytes([1, 2, 3], to: path)
    var rows = Self.rows
    rows[7] = 9
    #expect(try run(rows: rows, options: ["--gradient", path]).exitCode == 65)
    #expect(try readBytes(path) == [1, 2, 3])
  }
}

/// Labels of every integer type mean the same.
struct LabelTypeTests {
  private func lossLine<Label: FixedWidthInteger & BitwiseCopyable>(_ labels: [Label], type: String) throws -> String {
    let directory = try TemporaryDirectory()
    let (embeddings, path) = (directory.file("z.npy"), directory.file("y.npy"))
    let rows = LossCase.unitRows(
      count: labels.count, width: 6, seed: 5, attraction: 0.5, labels: labels.map { label in Int(label % 50) })
    try PlainNumPy.write(rows, type: "<f8", shape: [labels.count, 6], to: embeddings)
    try PlainNumPy.write(labels, type: type, shape: [labels.count], to: path)
    let result = try runProcess(
      try builtExecutable("supcon"), ["loss", "--embeddings", embeddings, "--labels", path, "--json"])
    #expect(result.exitCode == 0, "\(result.standardError)")
    return result.lastLine
  }

  @Test func `labels of all integer types give the same loss`() throws {
    let labels = LossCase.skewedLabels(count: 45)
    let line = try lossLine(labels.map(Int64.init), type: "<i8")
    #expect(line.contains("\"anchors\""))
    #expect(try lossLine(labels.map(Int8.init), type: "|i1") == line)
    #expect(try lossLine(labels.map(UInt8.init), type: "|u1") == line)
    #expect(try lossLine(labels.map(Int16.init), type: "<i2") == line)
    #expect(try lossLine(labels.map(UInt16.init), type: "<u2") == line)
    #expect(try lossLine(labels.map(Int32.init), type: "<i4") == line)
    #expect(try lossLine(labels.map(UInt32.init), type: "<u4") == line)
    #expect(try lossLine(labels.map(UInt64.init), type: "<u8") == line)
  }

  /// Labels a multiple of 2⁸, 2¹⁶ or 2³² apart stay apart, and so do the largest ones.
  @Test func `wide labels are not cut`() throws {
    let labels: [UInt64] = [0, 1 << 8, 0, 1 << 16, 1 << 32, 0, 1 << 63, .max]
    let line = try lossLine(labels, type: "<u8")
    #expect(line.contains("\"anchors\":3,"))
  }
}
