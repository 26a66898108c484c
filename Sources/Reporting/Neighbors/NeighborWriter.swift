import Configuration
import Datasets
import Evaluation
import Measures
import Runs

/// A writer of nearest neighbors as lines of text, CSV or JSON.
struct NeighborWriter {
  let format: ResultFormat
  let dataset: any ImageDataset
  private var isFirst = true

  init(format: ResultFormat, dataset: any ImageDataset) {
    (self.format, self.dataset) = (format, dataset)
  }

  /// Writes the lines before the first result.
  func begin(_ output: Reporter) {
    if format == .text { output("  cosine\tdistance\tclass\tfile") }
    format.begin(header: "file,place,sample,name,class,similarity,distance", output)
  }

  /// Writes the neighbors of one file, nearest first.
  mutating func write(_ path: String, _ neighbors: [NearImage], _ output: Reporter) {
    switch format {
    case .text:
      output(path)
      for neighbor in neighbors {
        let columns = [
          "  \(decimal(neighbor.similarity, 4))", decimal(neighbor.distance, 4), dataset.className(at: neighbor.sample),
          dataset.name(at: neighbor.sample),
        ]
        output(columns.compactMap { column in column }.joined(separator: "\t"))
      }
    case .csv:
      for (place, neighbor) in neighbors.enumerated() {
        let cells = [
          CSV.field(path), "\(place + 1)", "\(neighbor.sample)", CSV.field(dataset.name(at: neighbor.sample)),
          CSV.field(dataset.className(at: neighbor.sample) ?? ""), "\(neighbor.similarity)", "\(neighbor.distance)",
        ]
        output(cells.joined(separator: ","))
      }
    case .json:
      let list = neighbors.map { neighbor -> JSONValue in
        .object([
          "sample": .integer(neighbor.sample), "name": .text(dataset.name(at: neighbor.sample)),
          "class": dataset.className(at: neighbor.sample).map(JSONValue.text) ?? .null,
          "similarity": .number(neighbor.similarity), "distance": .number(neighbor.distance),
        ])
      }
      let object = JSONValue.object(["file": .text(path), "neighbors": .list(list)])
      output((isFirst ? "" : ",") + object.encoded())
      isFirst = false
    }
  }

  /// Writes the lines after the last result.
  func end(_ output: Reporter) { format.end(output) }
}
