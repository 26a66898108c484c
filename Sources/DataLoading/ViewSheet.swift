import Datasets
import Formats
import ImageCodecs
import Imaging
import KeyedRandomness

/// A drawing of samples and their views in the first epoch, to see what an augmentation does.
///
/// Each row shows a sample with the preprocessing of evaluation, then its augmented views: of full size, not mixed, and
/// mirrored at random also with `--alternating-flip`.
package struct ViewSheet {
  /// The height and width of the views.
  private let viewSize: ImageSize
  private let augmentation: Augmentation
  /// The number of views of each sample.
  private let views: Int
  private let seed: UInt64

  /// The side in pixels up to which small views are enlarged by an integer factor.
  private static let shownSide = 96
  private static let gap = 4

  /// Creates a sheet.
  ///
  /// - Parameters:
  ///   - viewSize: The height and width of the views.
  ///   - augmentation: The augmentation of the views.
  ///   - views: The number of views of each sample.
  ///   - seed: The random seed of the views.
  package init(viewSize: ImageSize, augmentation: Augmentation, views: Int, seed: UInt64) {
    self.viewSize = viewSize
    self.augmentation = augmentation
    self.views = views
    self.seed = seed
  }

  /// Draws samples that are evenly spaced over a dataset, at most `limit` of them.
  ///
  /// - Throws: ``FileError`` if an image cannot be read.
  package func image(of dataset: any ImageDataset, samples limit: Int) throws(FileError) -> RGBImage {
    let samples = evenlySpaced(limit, below: dataset.count)
    let scale = max(1, Self.shownSide / max(viewSize.width, viewSize.height))
    let step = (width: viewSize.width * scale + Self.gap, height: viewSize.height * scale + Self.gap)
    // An additional gap separates the first column.
    var canvas = Canvas(
      width: step.width * (views + 1) + 2 * Self.gap, height: step.height * samples.count + Self.gap)
    let workspace = AugmentationWorkspace()
    for (row, sample) in samples.enumerated() {
      let image = try dataset.image(at: sample)
      for column in 0...views {
        var stream = RandomStream(seed: seed, .augmentation, epoch: 0, sample: sample, view: max(column - 1, 0))
        let view = (column == 0 ? Augmentation.none : augmentation)
          .image(of: image, size: viewSize, &stream, workspace: workspace)
        canvas.draw(
          view, scale: scale, left: step.width * column + (column > 0 ? 2 : 1) * Self.gap,
          top: step.height * row + Self.gap)
      }
    }
    return canvas.image
  }
}
