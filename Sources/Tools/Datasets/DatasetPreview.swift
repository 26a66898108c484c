import Configuration
import Datasets
import Formats
import ImageCodecs
import Imaging
import Job
import KeyedRandomness
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

  /// The side in pixels up to which small views are enlarged by an integer factor.
  private static let shownSide = 96
  private static let gap = 4

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
    try world.onRoot {
      let image = try grid(request, dataset, viewSize: resolved.configuration.viewSize(of: dataset))
      let bytes = try image.pngBytes()
      try AtomicFile.write(to: request.output) { (file) throws(FileError) in
        unsafe try file.append(bytes.span.bytes)
      }
      report(
        "\(request.output): \(min(request.samples, dataset.count)) samples as evaluation sees them and \(request.views) views of each"
      )
    }
  }

  private static func grid(
    _ request: Request, _ dataset: any ImageDataset, viewSize: ImageSize
  ) throws -> RGBImage {
    let augmentation = request.augmentation
    let workspace = AugmentationWorkspace()
    let rows = min(request.samples, dataset.count)
    let scale = max(1, shownSide / max(viewSize.width, viewSize.height))
    let step = (width: viewSize.width * scale + gap, height: viewSize.height * scale + gap)
    // An additional gap separates the first column.
    var canvas = Canvas(width: step.width * (request.views + 1) + 2 * gap, height: step.height * rows + gap)
    for row in 0..<rows {
      let sample = row * dataset.count / rows
      let image = try dataset.image(at: sample)
      for column in 0...request.views {
        var stream = RandomStream(seed: request.seed, .augmentation, epoch: 0, sample: sample, view: max(column - 1, 0))
        let view = (column == 0 ? Augmentation.none : augmentation)
          .image(of: image, size: viewSize, &stream, workspace: workspace)
        canvas.draw(
          view, scale: scale, left: step.width * column + (column > 0 ? 2 * gap : gap), top: step.height * row + gap)
      }
    }
    return canvas.image
  }
}
