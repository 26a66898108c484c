import Configuration
import Datasets
import ImageCodecs
import Imaging
import KeyedRandomness

/// An image of some samples and their views in the first epoch.
///
/// Each row shows a sample with the preprocessing of evaluation, then its augmented views: of full size, not mixed, and
/// mirrored at random also with `--alternating-flip`.
package enum ViewSheet {
  private static let sampleCount = 8
  /// The side in pixels up to which small views are enlarged by an integer factor.
  private static let shownSide = 96
  private static let gap = 4

  /// Draws the sheet.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration.
  ///   - dataset: The training set, from which evenly spaced samples are taken.
  /// - Returns: The image.
  /// - Throws: `FileError` if an image cannot be read.
  package static func image(of configuration: Configuration, _ dataset: any ImageDataset) throws -> RGBImage {
    let viewSize = configuration.viewSize(of: dataset)
    let scale = max(1, shownSide / max(viewSize.width, viewSize.height))
    let step = (width: viewSize.width * scale + gap, height: viewSize.height * scale + gap)
    let samples = evenlySpaced(sampleCount, below: dataset.count)
    let columns = 1 + min(configuration.views.count, sampleCount)
    var canvas = Canvas(width: step.width * columns + gap, height: step.height * samples.count + gap)
    let workspace = AugmentationWorkspace()
    for (row, sample) in samples.enumerated() {
      let image = try dataset.image(at: sample)
      for column in 0..<columns {
        var stream = RandomStream(
          seed: configuration.compute.seed, .augmentation, epoch: 0, sample: sample, view: max(column - 1, 0))
        let view = (column == 0 ? Augmentation.none : configuration.views.augmentation)
          .image(of: image, size: viewSize, &stream, workspace: workspace)
        canvas.draw(view, scale: scale, left: step.width * column + gap, top: step.height * row + gap)
      }
    }
    return canvas.image
  }
}
