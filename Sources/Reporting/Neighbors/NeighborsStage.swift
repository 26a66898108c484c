import Configuration
import Datasets
import Evaluation
import Formats
import Glibc
import Inference
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
      if let problem = ImageFeatures.problem(of: images) { return problem }
      if let sheet, !sheet.hasSuffix(".html"), !sheet.hasSuffix(".png") {
        return "--sheet \(sheet): expected a name that ends with .html or .png"
      }
      if sheet != nil, neighbors > NeighborsStage.sheetNeighborLimit {
        return "--neighbors \(neighbors): --sheet shows at most \(NeighborsStage.sheetNeighborLimit); give fewer"
      }
      return Configuration.problem(of: "neighbors", neighbors, atLeast: 1) ?? Configuration.problem(ofThreads: threads)
    }
  }

  /// The largest number of images on a sheet.
  package static let sheetLimit = 200
  /// The largest number of neighbors of each image on a sheet, which is drawn in memory.
  private static let sheetNeighborLimit = 100

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
    _ request: Request, over world: borrowing Communicator, output: Reporter, report: Reporter
  ) throws -> ExitStatus {
    world.activity.begin("opening the run", allowsSilence: true)
    let encoder = try FrozenEncoder(
      run: request.run, checkpoint: request.checkpoint, weights: request.weights, data: request.data, over: world,
      report: report)
    encoder.noteProgress(report)
    let images = try ImageFeatures(
      request.images, encoder, run: request.run, threads: request.threads, over: world, report: report)
    let dataset = try DatasetChoice.open(encoder.configuration, .train, needsLabels: false, over: world, report: report)
    try world.agreeOnSamples(of: dataset, encoder.configuration)
    let training = try FrozenFeatures(encoder, threads: request.threads).rows(of: dataset, over: world).unit
    let search = NeighborSearch(request.neighbors, among: training, threads: request.threads)
    var writer = NeighborWriter(format: request.format, dataset: dataset)
    var sheet = NeighborSheet(dataset: dataset, images.preprocessing)
    writer.begin(output)
    // Of the images that could be decoded, on rank 0.
    var (imageCount, badCount) = (0, 0)
    var contrast = ContrastCounts()
    for first in images.parts {
      let part = try images.part(from: first, over: world)
      badCount += part.bad.count
      contrast.add(part.contrast)
      let rows = part.rows.unit
      for range in search.ranges(of: rows.count) {
        let found = try search.neighbors(of: rows, range, over: world)
        // The reader of the output may make this rank wait.
        world.activity.begin("writing the neighbors", allowsSilence: true)
        guard world.isRoot else { continue }
        for (index, neighbors) in zip(range, found) {
          if let reason = part.bad[index] {
            report.error(reason)
            continue
          }
          writer.write(part.paths[index], neighbors, output)
          imageCount += 1
          if request.sheet != nil, sheet.count < sheetLimit { sheet.add(part.files[index], neighbors) }
        }
      }
    }
    writer.end(output)
    if let warning = contrast.warning(advising: ContrastCounts.adviceForTrained) { report.warn(warning) }
    if let path = request.sheet {
      world.activity.begin("writing the sheet", allowsSilence: true)
      try world.onRoot {
        try sheet.write(to: path, of: imageCount)
        report("\(path): \(sheet.extent(of: imageCount)) with their neighbors")
      }
    }
    return badCount == 0 ? .success : .data
  }
}
