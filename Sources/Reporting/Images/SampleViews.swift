import Configuration
import Datasets
import ImageCodecs
import Imaging
import KeyedRandomness

/// A training image with some views of it by the run's augmentation.
struct SampleViews {
  let name: String
  let className: String?
  let image: RGBImage
  let views: [RGBImage]

  /// Makes the views of some training images.
  static func samples(_ dataset: any ImageDataset, _ configuration: Configuration, _ size: ImageSize) throws
    -> [SampleViews]
  {
    let workspace = AugmentationWorkspace()
    return try StudiedSets.ofManyClasses(dataset, 6).map { sample in
      let image = try dataset.image(at: sample)
      let views = (0..<max(configuration.views.count, 3)).map { view in
        var stream = RandomStream(seed: configuration.compute.seed, .augmentation, epoch: 0, sample: sample, view: view)
        return configuration.views.augmentation.image(of: image, size: size, &stream, workspace: workspace)
      }
      return SampleViews(
        name: dataset.name(at: sample), className: dataset.className(at: sample),
        image: try dataset.shownImage(at: sample, size), views: views)
    }
  }
}
