import Configuration
import Datasets
import Evaluation
import Formats
import Glibc
import Job
import MPI
import Measures
import Runs

/// The search for the training images that are nearest to given image files in the representations of a run's encoder.
package enum NeighborsStage {
  /// The options of `supcon neighbors`.
  package struct Request: Sendable {
    /// The run directory.
    package var run: String
    /// The checkpoint: `latest`, `best` or a number of steps.
    package var checkpoint = "latest"
    /// The weights to read from the checkpoint: those after its last step, or their moving average.
    package var weights = RunWeights.raw
    /// Image files, folders, or `-` to read paths from standard input.
    package var images: [String]
    /// The folder of the dataset; `nil` for the one that the run was trained on.
    package var data: String?
    /// The number of neighbors to find for each image.
    package var neighbors = 10
    /// The output format.
    package var format = ResultFormat.text
    /// The output file of a sheet that shows the images and their neighbors, HTML or PNG depending on its ending; `nil`
    /// for none.
    package var sheet: String?
    /// The number of threads of each rank.
    package var threads = 1

    /// Creates a request with default options for a run directory and images.
    package init(run: String, images: [String]) {
      self.run = run
      self.images = images
    }

    /// The first problem with the values of the options, or `nil`.
    package var problem: String? {
      if let problem = ImageFeatures.problem(of: images) {
        return problem
      }
      if let sheet, !sheet.hasSuffix(".html"), !sheet.hasSuffix(".png") {
        return "--sheet \(sheet): expected a name that ends with .html or .png"
      }
      return Configuration.problem(of: "neighbors", neighbors, atLeast: 1) ?? Configuration.problem(ofThreads: threads)
    }
  }

  /// The largest number of images on a sheet.
  private static let sheetLimit = 200

  /// Finds the neighbors of all images, in order.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - output: Receives the neighbors, on rank 0.
  ///   - report: Receives notes and the names of files that cannot be decoded, on rank 0.
  /// - Returns: The exit status: `data` if a file cannot be decoded.
  /// - Throws: ``CollectiveError`` if all ranks throw together; after any other error the job has to end at once.
  package static func run(
    _ request: Request, over world: borrowing Communicator, output: Reporter,
    report: Reporter
  ) throws -> ExitStatus {
    world.activity.begin("opening the run", allowsSilence: true)
    let encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, weights: request.weights, data: request.data, over: world,
      report: report)
    encoder.noteProgress(report)
    let images = try ImageFeatures(
      request.images, encoder, run: request.run, threads: request.threads, over: world, report: report)
    let dataset = try DatasetChoice.open(
      encoder.configuration, .train, needsLabels: false, over: world, report: report)
    try world.agreeOnSamples(of: dataset, encoder.configuration)
    let training = try FrozenFeatures(encoder, threads: request.threads).rows(of: dataset, over: world).unit
    let search = KNearestNeighbors(k: min(request.neighbors, training.count), width: training.width)
    let norms = search.squaredLengths(training.features)
    var writer = NeighborWriter(format: request.format, dataset: dataset)
    var sheet = NeighborSheet(dataset: dataset, images.preprocessing)
    writer.begin(output)
    var badCount = 0
    for first in images.parts {
      let part = try images.part(from: first, over: world)
      badCount += part.bad.count
      try world.onRoot {
        let rows = part.rows.unit
        for (index, path) in part.paths.enumerated() {
          if let reason = part.bad[index] {
            report.error(reason)
            continue
          }
          let neighbors = try search.neighbors(of: rows, index..<index + 1, training, norms)[0].map { neighbor in
            NearImage(sample: neighbor.sample, similarity: min(search.similarity(of: neighbor, norms), 1))
          }
          writer.write(path, neighbors, output)
          if request.sheet != nil, sheet.count < sheetLimit { sheet.add(part.files[index], neighbors) }
        }
      }
    }
    writer.end(output)
    try world.onRoot {
      guard let path = request.sheet else { return }
      try sheet.write(to: path)
      report("\(path): \(counted(sheet.count, "image")) with their neighbors")
    }
    return badCount == 0 ? .success : .data
  }
}

/// A training image that is near to another image.
struct NearImage: Sendable {
  /// The sample's index in the training set.
  let sample: Int
  /// The cosine similarity of the representations of both images.
  let similarity: Double

  /// The Euclidean distance of both images' representations, scaled to unit length.
  var distance: Double { (2 * max(1 - similarity, 0)).squareRoot() }
}
