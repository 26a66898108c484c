import Configuration
import Datasets
import Formats
import Imaging
import Job
import KeyedRandomness
import MPI

/// An image of samples and their views, to see what an augmentation does to them.
package enum DatasetPreview {
  /// What the command line asks for.
  package struct Request: Sendable {
    /// Which dataset.
    package var dataset: DatasetRequest
    /// How views are made.
    package var augmentation = Configuration().augmentation
    /// How many samples, one a row, from all over the training set.
    package var samples = 8
    /// How many views of each.
    package var views = 6
    /// Where the views' random draws begin.
    package var seed: UInt64 = 0
    /// Where the PNG file will stand.
    package var output = "preview.png"

    /// The defaults for a dataset.
    package init(dataset: DatasetRequest) {
      self.dataset = dataset
    }

    /// What is wrong with the options alone, or `nil`.
    package var problem: String? {
      let checks: [String?] = [
        dataset.problem, Augmentation.problem(augmentation),
        (1...1000).contains(samples) ? nil : "--samples \(samples): expected 1 to 1000",
        (0...1000).contains(views) ? nil : "--views \(views): expected 0 to 1000",
        dataset.configuration.imageSize.flatMap { size in size < 8 ? "--image-size \(size): expected at least 8" : nil
        },
      ]
      return checks.compactMap { problem in problem }.first
    }
  }

  /// Small views are shown enlarged, each pixel as a square, until they have about so many pixels a side.
  private static let shownSide = 96
  private static let gap = 4

  /// Writes the image: a row a sample, first as evaluation sees it, then its views as the first epoch would.
  ///
  /// Collective; rank 0 draws.
  ///
  /// - Parameters:
  ///   - request: What to show.
  ///   - world: The ranks.
  ///   - report: Receives lines for people, on rank 0.
  /// - Throws: ``CollectiveError`` naming what is missing or wrong.
  package static func run(
    _ request: Request, over world: borrowing Communicator, report: @escaping (String) -> Void
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
    let augmentation = Augmentation(validated: request.augmentation)
    let workspace = AugmentationWorkspace()
    let rows = min(request.samples, dataset.count)
    let scale = max(1, shownSide / max(viewSize.width, viewSize.height))
    let step = (width: viewSize.width * scale + gap, height: viewSize.height * scale + gap)
    // The first column stands a little apart.
    var canvas = Canvas(width: step.width * (request.views + 1) + 2 * gap, height: step.height * rows + gap)
    for row in 0..<rows {
      let sample = row * dataset.count / rows
      let image = try dataset.image(at: sample)
      for column in 0...request.views {
        var stream = RandomStream(seed: request.seed, .augmentation, epoch: 0, sample: sample, view: max(column - 1, 0))
        let view = (column == 0 ? Augmentation(validated: "none") : augmentation)
          .image(of: image, size: viewSize, &stream, workspace: workspace)
        canvas.draw(
          view, scale: scale, left: step.width * column + (column > 0 ? 2 * gap : gap), top: step.height * row + gap)
      }
    }
    return canvas.image
  }
}
