import Configuration
import DataLoading
import Datasets
import Formats
import ImageCodecs
import Job
import MPI

/// A PNG image of samples and their views, for inspecting an augmentation.
package enum DatasetPreview {
  /// The options of `supcon dataset preview`.
  package struct Request: Sendable {
    /// The dataset to take samples from.
    package var dataset: DatasetRequest
    /// The augmentation: a preset, or operations joined by `+`.
    package var augmentation = Configuration().views.augmentation
    /// The number of samples, one per row, evenly spaced over the training set.
    package var samples = 8
    /// The number of views of each sample.
    package var views = 6
    /// The random seed of the views.
    package var seed: UInt64 = 0
    /// The path of the PNG file.
    package var output = "preview.png"

    /// Creates a request with default options for a dataset.
    package init(dataset: DatasetRequest) {
      self.dataset = dataset
    }

    /// The first problem with the values of the options, or `nil`.
    package var problem: String? {
      let checks: [String?] = [
        dataset.problem,
        (1...1000).contains(samples) ? nil : "--samples \(samples): expected 1 to 1000",
        (0...1000).contains(views) ? nil : "--views \(views): expected 0 to 1000",
      ]
      return checks.compactMap { problem in problem }.first
    }
  }

  /// The most pixels of an image, of which each takes 3 bytes of memory.
  private static let largestSheet = 1 << 28
  /// The pixels of a small view, which is drawn enlarged.
  private static let leastTile = 96 * 96

  /// Writes the image: each row shows a sample with the preprocessing of evaluation, then its views in the first epoch.
  ///
  /// Collective; rank 0 draws.
  ///
  /// - Parameters:
  ///   - request: The options of the command.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` naming the missing or faulty file or option.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    let resolved = request.dataset.resolved(ranks: world.size)
    let dataset = try DatasetChoice.open(
      resolved.configuration, .train, needsLabels: false, over: world, report: report)
    world.activity.begin("drawing views", allowsSilence: true)
    try world.onRoot {
      let viewSize = resolved.configuration.viewSize(of: dataset)
      let tiles = min(request.samples, dataset.count) * (request.views + 1)
      guard tiles * max(viewSize.pixelCount, leastTile) <= largestSheet else {
        throw RunError(
          .usage, "--samples \(request.samples), --views \(request.views): too many to draw views of \(viewSize)",
          remedy: "give fewer")
      }
      let sheet = ViewSheet(
        viewSize: viewSize, augmentation: request.augmentation, views: request.views, seed: request.seed)
      let bytes = try sheet.image(of: dataset, samples: request.samples).pngBytes()
      try AtomicFile.write(to: request.output) { (file) throws(FileError) in
        unsafe try file.append(bytes.span.bytes)
      }
      report(
        "\(request.output): \(min(request.samples, dataset.count)) samples as evaluation sees them and \(request.views) views of each"
      )
    }
  }
}
