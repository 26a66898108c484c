import Configuration
import Formats
import Job
import NeuralNet

/// The result of `supcon bench --layers`, with the structure of its JSON object.
struct LayerBenchmarkResult: Codable {
  /// The peak rates of one thread, to which the rates of layers are compared.
  struct Peaks: Codable {
    /// The rate of a convolution whose operands fit in the caches, in the same precision, in 10⁹ operations per second.
    let gigaflops: Double
    /// The memory bandwidth of copies between arrays larger than the caches, in 10⁹ bytes read and written per second.
    let gigabytesPerSecond: Double
  }

  /// The time, operations and bytes of one kind of pass, summed over all layers of the same shapes.
  struct Row: Codable {
    let layer: String
    /// The number of layers with these shapes.
    var layers: Int
    let shapes: String
    let pass: LayerPass
    var seconds: Double
    var multiplyAdds: Int
    var bytes: Int
    /// The fraction of the time of all rows.
    var share = 0.0
    var gigaflops = 0.0
    var shareOfPeak = 0.0
    var gigabytesPerSecond = 0.0
    var shareOfBandwidth = 0.0
    /// The limiting resource, whose peak rate is reached more closely: `arithmetic` or `memory`.
    var limit = ""
  }

  var command = "bench"
  var version = supconVersion
  var cpu: String
  var model: String
  var precision: String
  var imageSize: [Int]
  /// The number of views in a shard, the part of the batch that a thread computes at a time.
  var views: Int
  /// The sum of the seconds of all rows.
  var seconds: Double
  var peaks: Peaks
  /// The rows in the order of the network's layers.
  var rows: [Row]

  init(
    _ configuration: Configuration, viewSize: [Int], layers: [(name: String, shapes: String)],
    _ costs: LayerBenchmark.Costs, _ peaks: Peaks
  ) {
    cpu = ProcessMeasurements.cpuName()
    model = configuration.model.name
    precision = configuration.compute.resolvedPrecision.rawValue
    imageSize = viewSize
    views = configuration.batches.shardSize * configuration.views.count
    self.peaks = peaks
    var rows: [Row] = []
    for layer in layers {
      for pass in LayerPass.allCases {
        guard let cost = costs.cost(of: layer.name, pass) else { continue }
        if let index = rows.firstIndex(where: { row in row.shapes == layer.shapes && row.pass == pass }) {
          rows[index].layers += 1
          rows[index].seconds += cost.seconds
          rows[index].multiplyAdds += cost.multiplyAdds
          rows[index].bytes += cost.byteCount
        } else {
          rows.append(
            Row(
              layer: layer.name, layers: 1, shapes: layer.shapes, pass: pass, seconds: cost.seconds,
              multiplyAdds: cost.multiplyAdds, bytes: cost.byteCount))
        }
      }
    }
    let seconds = rows.reduce(0) { sum, row in sum + row.seconds }
    self.seconds = seconds
    self.rows = rows.map { row in row.rated(by: peaks, of: seconds) }
  }

  /// Formats the result as a table for the terminal.
  ///
  /// - Returns: The lines, without a newline at the end.
  func table() -> String {
    // Wide enough for the longest text, so that the columns stand below each other.
    let nameWidth = max(28, 2 + (rows.map(\.name.count).max() ?? 0))
    let shapeWidth = max(34, 2 + (rows.map(\.shapes.count).max() ?? 0))
    var lines = [
      "\(model), \(precision), a shard of \(views) views of \(imageSize[0])×\(imageSize[1]) on one thread, \(cpu)",
      "\(decimal(seconds, 4)) s of CPU time, the fastest round of each pass; peaks of one thread: \(decimal(peaks.gigaflops, 0)) GFLOP/s, \(decimal(peaks.gigabytesPerSecond, 1)) GB/s",
      "",
      "layer".padded(nameWidth) + "shapes".padded(shapeWidth) + "pass".padded(16)
        + ["ms", "share", "GFLOP/s", "of peak", "GB/s", "of memory"].map { name in name.aligned(10) }.joined()
        + "  limit",
    ]
    for row in rows {
      let numbers = [
        decimal(1e3 * row.seconds, 2), percentage(row.share), row.multiplyAdds == 0 ? "" : decimal(row.gigaflops, 1),
        row.multiplyAdds == 0 ? "" : percentage(row.shareOfPeak), decimal(row.gigabytesPerSecond, 1),
        percentage(row.shareOfBandwidth),
      ]
      lines.append(
        row.name.padded(nameWidth) + row.shapes.padded(shapeWidth) + row.pass.rawValue.padded(16)
          + numbers.map { number in number.aligned(10) }.joined() + "  \(row.limit)")
    }
    lines += ["", "by pass"]
    for pass in LayerPass.allCases {
      let seconds = rows.filter { row in row.pass == pass }.reduce(0) { sum, row in sum + row.seconds }
      lines.append(
        pass.rawValue.padded(16) + "\(decimal(1e3 * seconds, 2)) ms".aligned(12)
          + percentage(seconds / self.seconds).aligned(10))
    }
    return lines.joined(separator: "\n")
  }

  /// Writes the result as JSON.
  ///
  /// - Throws: `FileError` if the file cannot be written.
  func write(to path: String) throws {
    try AtomicFile.write(jsonText(self, keys: .convertToSnakeCase) + "\n", to: path)
  }
}

extension LayerBenchmarkResult.Row {
  /// The text of the table's first column: the first layer, and the number of others with these shapes.
  fileprivate var name: String { layers == 1 ? layer : "\(layer) and \(layers - 1) more" }

  /// Returns the row with its rates, and with the fractions of time and of peak rates.
  fileprivate func rated(by peaks: LayerBenchmarkResult.Peaks, of total: Double) -> Self {
    var row = self
    row.share = seconds / total
    row.gigaflops = 2e-9 * Double(multiplyAdds) / seconds
    row.shareOfPeak = row.gigaflops / peaks.gigaflops
    row.gigabytesPerSecond = 1e-9 * Double(bytes) / seconds
    row.shareOfBandwidth = row.gigabytesPerSecond / peaks.gigabytesPerSecond
    row.limit = row.shareOfPeak > row.shareOfBandwidth ? "arithmetic" : "memory"
    return row
  }
}
