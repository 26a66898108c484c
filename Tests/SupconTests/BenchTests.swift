import Foundation
import Testing

/// `supcon bench`: what it measures agrees with itself, and it writes nothing but the file it was asked for.
struct BenchTests {
  /// The parts of a result that the tests look at; decoding fails where a key is missing.
  private struct Result: Decodable {
    struct Seconds: Decodable {
      let mean: Double
      let slowestRank: Double
    }

    let command: String
    let version: String
    let cpu: String
    let ranks: Int
    let threadsPerRank: Int
    let settings: [String: JSONFields.Value]
    let steps: Int
    let viewsPerStep: Int
    let stepSeconds: Double
    let viewsPerSecond: Double
    let secondsByPart: [String: Seconds]
    let multiplyAddsForwardPerView: Int
    let multiplyAddsBackwardPerView: Int
    let gigaflops: Double
    let shareOfMatrixProduct: Double
    let matrixProductGigaflops: Double
    let memoryGigabytesPerSecond: Double
    let peakRssBytesMax: Int
    let peakRssBytesSum: Int
    let startupSeconds: Double
    let gatheredBytesPerRank: Int
    let reducedVectorBytes: Int
  }

  private static let small = [
    "bench", "--batch-size", "32", "--shard-size", "8", "--shapes-train", "64", "--steps", "8",
  ]
  private static let parts = [
    "data", "statistics", "forward", "gather", "loss", "backward", "reduce", "update", "rest",
  ]

  @Test(arguments: [(ranks: 1, threads: 1), (ranks: 1, threads: 2), (ranks: 2, threads: 1)])
  func resultAgreesWithItself(ranks: Int, threads: Int) throws {
    let workshop = try Workshop()
    let path = workshop.path("result.json")
    let before = try FolderSnapshot(workshop.path("."))
    let run = try succeeding(
      workshop.run(ranks: ranks, Self.small + ["--threads", "\(threads)", "--json", path]))
    #expect(try FolderSnapshot(workshop.path(".")).changes(since: before) == ["result.json"])
    #expect(run.standardOutput.ranges(of: "views per second").count == 1)

    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let result = try decoder.decode(Result.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(result.command == "bench" && !result.cpu.isEmpty && result.version.split(separator: ".").count == 3)
    #expect(result.ranks == ranks && result.threadsPerRank == threads && result.steps == 8)
    #expect(result.settings["model"] == .text("resnet20") && result.settings["batch_size"] == .number(32))
    #expect(result.viewsPerStep == 64)
    #expect(abs(result.viewsPerSecond * result.stepSeconds / 64 - 1) < 1e-9)

    #expect(Set(result.secondsByPart.keys) == Set(Self.parts))
    let sum = result.secondsByPart.values.reduce(0) { sum, seconds in sum + seconds.mean }
    #expect(0.5 * result.stepSeconds < sum && sum <= (1 + 1e-9) * result.stepSeconds, "\(run.standardOutput)")
    for (part, seconds) in result.secondsByPart {
      #expect(0 <= seconds.mean && seconds.mean <= seconds.slowestRank * (1 + 1e-9), "\(part)")
    }
    for part in ["data", "forward", "backward"] {
      let seconds = try #require(result.secondsByPart[part])
      #expect(seconds.mean > 0, "\(part)")
    }

    let operations = 2 * (result.multiplyAddsForwardPerView + result.multiplyAddsBackwardPerView)
    #expect(abs(result.gigaflops / (1e-9 * Double(operations) * result.viewsPerSecond) - 1) < 1e-9)
    #expect(abs(result.shareOfMatrixProduct * result.matrixProductGigaflops / result.gigaflops - 1) < 1e-9)
    #expect(result.matrixProductGigaflops > 1 && result.memoryGigabytesPerSecond > 0.1)
    #expect(0 < result.startupSeconds && result.startupSeconds < 60)
    let (largest, all) = (result.peakRssBytesMax, result.peakRssBytesSum)
    #expect(10_000_000 < largest && largest <= all && all <= ranks * largest)
    // 64 rows of 128 numbers and a log-sum-exp, 32 labels; a rank's own do not travel.
    #expect(result.gatheredBytesPerRank == (64 * 129 * 4 + 32 * 4) * (ranks - 1) / ranks)
    #expect(result.reducedVectorBytes > 1_000_000)

    // ResNet-20 at 32×32 with the head 64 → 64 → 128: see `OperationsTests` for the encoder's part.
    let (stem, inner, head) = (3 * 16 * 9 * 32 * 32, 16 * 16 * 9 * 32 * 32, 64 * 64 + 64 * 128)
    // In the second and third group, one of the six convolutions has half the channels to read.
    let forward = stem + 6 * inner + 2 * (5 * inner + inner / 2) + head
    #expect(result.multiplyAddsForwardPerView == forward)
    #expect(result.multiplyAddsBackwardPerView == 2 * forward - stem)
  }

  @Test func comparesWithAnEarlierResult() throws {
    let workshop = try Workshop()
    let earlier = workshop.path("earlier.json")
    try succeeding(workshop.run(Self.small + ["--json", earlier]))
    let run = try succeeding(workshop.run(ranks: 2, Self.small + ["--views", "3", "--compare", earlier]))
    let lines = run.standardOutput.split(whereSeparator: \.isNewline).map(String.init)
    let start = try #require(lines.firstIndex { line in line.hasPrefix("compared with \(earlier)") })
    let rows = lines[start...].map { line in line.split(separator: " ") }
    for part in ["overall", "data", "forward", "loss", "backward", "update", "memory"] {
      let row = try #require(rows.first { row in row.first.map(String.init) == part }, "\(part)")
      let ratio = try #require(Double(row[1]), "\(part)")
      #expect(0.001 < ratio && ratio < 1000, "\(part)")
    }
    #expect(lines.contains("note: ranks is 2, was 1"))
    #expect(lines.contains("note: views is 3, was 2"))
    #expect(lines.filter { line in line.hasPrefix("note:") }.count == 2)
  }

  @Test func refusesWhatItCannotCompareWith() throws {
    let workshop = try Workshop()
    let missing = workshop.path("missing.json")
    try workshop.expectRefusal(Self.small + ["--compare", missing], 66, naming: [missing, "No such file"])
    let other = workshop.path("data/data_batch_1.bin")
    try workshop.expectRefusal(Self.small + ["--compare", other], 65, naming: [other, "no result of supcon bench"])
    let object = workshop.path("object.json")
    try Data("{\"command\": \"bench\"}".utf8).write(to: URL(fileURLWithPath: object))
    try workshop.expectRefusal(Self.small + ["--compare", object], 65, naming: [object, "no result of supcon bench"])
  }

  @Test(arguments: [
    (["--steps", "0"], ["--steps 0", "expected at least 1"]),
    (["--batch-size", "100"], ["--batch-size 100", "multiple of --shard-size"]),
    (["--model", "resnet21"], ["--model resnet21", "expected one of"]),
    (["--keep", "3"], ["--keep", "supcon bench --help"]),
    (["--shapes-train", "20", "--batch-size", "32", "--shard-size", "8"], ["--batch-size 32", "only 20 samples"]),
  ])
  func refusesWrongOptions(_ options: [String], naming parts: [String]) throws {
    try Workshop().expectRefusal(["bench"] + options, 64, naming: parts)
  }

  /// A row of `--layers`; decoding fails where a key is missing.
  private struct Layers: Decodable {
    struct Row: Decodable {
      let layer: String
      let layers: Int
      let pass: String
      let seconds: Double
      let multiplyAdds: Int
      let share: Double
      let shareOfPeak: Double
      let shareOfBandwidth: Double
      let limit: String
    }

    let seconds: Double
    let rows: [Row]
  }

  @Test func `layers and passes add up to the network`() throws {
    let workshop = try Workshop()
    let path = workshop.path("layers.json")
    let size = ["--batch-size", "4", "--shard-size", "4", "--shapes-train", "8", "--precision", "float32"]
    let table = try succeeding(workshop.run(["bench", "--layers", "--steps", "1", "--json", path] + size))
      .standardOutput
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let result = try decoder.decode(Layers.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(abs(result.rows.reduce(0) { sum, row in sum + row.seconds } / result.seconds - 1) < 1e-9)
    #expect(abs(result.rows.reduce(0) { sum, row in sum + row.share } - 1) < 1e-9)
    #expect(result.rows.allSatisfy { row in row.seconds > 0 && ["arithmetic", "memory"].contains(row.limit) })
    // 40.6 million multiply-adds of a view's convolutions forward (He and others 2015 count 41 million with the
    // classifier), 8 views.
    let forward = result.rows.filter { row in row.pass == "forward" }
    #expect(abs(Double(forward.reduce(0) { sum, row in sum + row.multiplyAdds }) / (8 * 40.6e6) - 1) < 0.01)
    #expect(forward.reduce(0) { sum, row in sum + row.layers } == 19)
    // All but the stem give a gradient of their input.
    #expect(result.rows.filter { row in row.pass == "data gradient" }.reduce(0) { sum, row in sum + row.layers } == 18)
    try expectColumns(["shapes", "pass"], of: table, rows: result.rows.count)
  }

  /// Expects every row of a table to have a text that begins where the heading of each column does.
  private func expectColumns(_ headings: [String], of table: String, rows: Int) throws {
    let lines = table.split(separator: "\n", omittingEmptySubsequences: false)
    let head = try #require(lines.firstIndex { line in line.hasPrefix("layer ") })
    for heading in headings {
      let start = try #require(lines[head].firstRange(of: heading)).lowerBound
      let place = lines[head].distance(from: lines[head].startIndex, to: start)
      for line in lines[(head + 1)...].prefix(rows).map({ line in Array(line) }) {
        #expect(line[place - 1] == " " && line[place] != " ", "\(heading): \(String(line))")
      }
    }
  }

  @Test(arguments: [[] as [String], ["--layers"]])
  func `that views grow during a run is said, since the last ones are measured`(_ options: [String]) throws {
    let workshop = try Workshop()
    let small = ["bench", "--model", "resnet8", "--batch-size", "8", "--shard-size", "4", "--steps", "1"]
    let result = try succeeding(
      workshop.run(small + options + ["--progressive-size", "16", "--progressive-epochs", "1", "--epochs", "2"]))
    let text = result.standardOutput + result.standardError
    #expect(text.contains("--progressive-size 16: only views of the full size are measured, 32×32 pixels"), "\(text)")
    let plain = try succeeding(workshop.run(small + options))
    #expect(!(plain.standardOutput + plain.standardError).contains("full size"))
  }

  @Test func `layers are those of one thread`() throws {
    let workshop = try Workshop()
    let refused = try workshop.run(["bench", "--layers", "--threads", "2"])
    #expect(refused.exitCode == 64 && refused.standardError.contains("--layers measures one thread"))
  }
}
