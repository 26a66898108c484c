import Formats
import TestSupport
import Testing

struct TensorBoardTests {
  /// RFC 3720, appendix B.4, and the customary check value.
  @Test func `CRC-32C has its published values`() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum(Array(repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum(Array(repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    // As TensorFlow masks it, in the first bytes of its event files, whose first record has 24 bytes.
    #expect(CRC32C.masked([24, 0, 0, 0, 0, 0, 0, 0]) == 0x224B_7FA3)
  }

  /// The records of a file: checked lengths and checksums, and the data.
  private func records(_ bytes: [UInt8]) throws -> [[UInt8]] {
    func number(_ count: Int, at place: Int) -> Int {
      (0..<count).reduce(0) { number, byte in number | Int(bytes[place + byte]) << (8 * byte) }
    }
    var records: [[UInt8]] = []
    var place = 0
    while place < bytes.count {
      let length = number(8, at: place)
      try #require(place + 16 + length <= bytes.count)
      #expect(number(4, at: place + 8) == Int(CRC32C.masked(Array(bytes[place..<place + 8]))))
      let data = Array(bytes[place + 12..<place + 12 + length])
      #expect(number(4, at: place + 12 + length) == Int(CRC32C.masked(data)))
      records.append(data)
      place += 16 + length
    }
    return records
  }

  @Test func `events are records of the messages`() throws {
    let directory = try TemporaryDirectory()
    let writer = try TensorBoardWriter(folder: directory.path, firstStep: 3, time: 1_700_000_000.5)
    #expect(writer.path.contains("/events.out.tfevents.1700000000."))
    try writer.add([("a", .scalar(1.5))], step: 7, time: 2)
    let records = try records(readBytes(writer.path))
    try #require(records.count == 3)
    // wall_time is field 1, file_version field 3.
    #expect(records[0].starts(with: [0x09]) && records[0].suffix(13) == Array("brain.Event:2".utf8)[...])
    // step 3, then SessionLog with status START.
    #expect(records[1].suffix(6) == [0x10, 3, 0x3A, 2, 0x08, 1])
    // step 7, then the summary with one value: tag "a", simple_value 1.5.
    #expect(records[2].dropFirst(9) == [0x10, 7, 0x2A, 10, 0x0A, 8, 0x0A, 1, 0x61, 0x15, 0, 0, 0xC0, 0x3F])
  }

  @Test func `a second start in the same second has a file of its own`() throws {
    let directory = try TemporaryDirectory()
    let first = try TensorBoardWriter(folder: directory.path, time: 5)
    let second = try TensorBoardWriter(folder: directory.path, time: 5)
    #expect(first.path != second.path && second.path > first.path && second.path.contains("tfevents.0000000005."))
  }

  @Test func `a folder that is not there is named`() throws {
    let error = #expect(throws: FileError.self) { _ = try TensorBoardWriter(folder: "/nowhere/at all", time: 5) }
    #expect(error?.kind == .creation && error?.description.contains("/nowhere/at all") == true)
  }

  @Test func `a histogram counts every finite value once`() {
    let histogram = TensorBoardHistogram(of: [0, 1, 2, 3, 4, .nan, .infinity], bucketCount: 4)
    #expect(histogram.counts == [1, 1, 1, 2] && histogram.limits == [1, 2, 3, 4])
    #expect(histogram.count == 5 && histogram.sum == 10 && histogram.squareSum == 30)
    let equal = TensorBoardHistogram(of: [2, 2, 2])
    #expect(equal.counts.reduce(0, +) == 3 && equal.minimum == 2 && equal.maximum == 2)
    #expect(TensorBoardHistogram(of: []).counts.allSatisfy { count in count == 0 })
  }

  @Test func `the projector's files name each other`() throws {
    let directory = try TemporaryDirectory()
    let rows: [Float] = [1, 2.5, -3, 4]
    try TensorBoardProjector.write(
      [
        .init(
          name: "train set", width: 2, elements: rows,
          metadata: [("class", ["cat", "a\tdog"]), ("file", ["1.png", "2.png"])])
      ], to: directory.path)
    func text(_ name: String) throws -> String { String(decoding: try readBytes(directory.file(name)), as: UTF8.self) }
    #expect(try text("train-set.tsv") == "1.0\t2.5\n-3.0\t4.0\n")
    #expect(try text("train-set-metadata.tsv") == "class\tfile\ncat\t1.png\na dog\t2.png\n")
    let configuration = try text("projector_config.pbtxt")
    #expect(configuration.contains("tensor_path: \"train-set.tsv\""))
    #expect(configuration.contains("metadata_path: \"train-set-metadata.tsv\""))
  }
}

struct PaddingTests {
  @Test func `numbers have zeros in front up to the width`() {
    #expect(String(7, width: 3) == "007" && String(1234, width: 3) == "1234" && String(-5, width: 2) == "-05")
    #expect(String(26, width: 4, radix: 16) == "001a" && String(0, width: 0) == "0")
  }
}
