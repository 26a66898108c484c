import Datasets
import Formats
import ImageCodecs
import Imaging
import KeyedRandomness

/// Makes the views of shards: samples → views.
package struct ShardLoader: Sendable {
  /// The source of the images.
  package let dataset: any ImageDataset
  /// The size of every view.
  package let viewSize: ImageSize
  /// The size of views at the end of progressive resizing; that of every view otherwise.
  package var fullSize: ImageSize
  /// True to mirror each view in every second epoch instead of at random.
  package var alternatesFlip = false
  /// The mixture of views within a shard; `nil` for none.
  package var mixing: SampleMixing?
  private let augmentation: Augmentation
  private let views: Int
  private let seed: UInt64
  private let layout: ImageLayout

  /// A loader.
  ///
  /// - Parameters:
  ///   - dataset: The source of the images.
  ///   - augmentation: The augmentation of a view.
  ///   - viewSize: The size of every view.
  ///   - views: The number of views per sample.
  ///   - seed: The run's seed.
  ///   - layout: The memory layout of a view.
  package init(
    _ dataset: any ImageDataset, _ augmentation: Augmentation, viewSize: ImageSize, views: Int, seed: UInt64,
    layout: ImageLayout
  ) {
    self.dataset = dataset
    self.augmentation = augmentation
    self.viewSize = viewSize
    fullSize = viewSize
    self.views = views
    self.seed = seed
    self.layout = layout
  }

  /// Fills the views of one shard: view 0 of all its samples, then view 1, and so on.
  ///
  /// - Parameters:
  ///   - batch: Receives `[views, samples, 3 · height · width]`; further rows stay as they are.
  ///   - samples: The samples' numbers in the dataset.
  ///   - epoch: The epoch that the views are drawn for.
  /// - Throws: ``FileError`` if an image cannot be read.
  package func fill(
    _ batch: inout MutableSpan<Float>, samples: Span<Int32>, epoch: Int
  ) throws(FileError) {
    let elements = 3 * viewSize.pixelCount
    // One for the calling thread, which makes many views with it.
    let workspace = AugmentationWorkspace()
    for position in samples.indices {
      let sample = Int(samples[position])
      let image = try dataset.image(at: sample)
      for view in 0..<views {
        var stream = RandomStream(seed: seed, .augmentation, epoch: epoch, sample: sample, view: view)
        let start = (view * samples.count + position) * elements
        var target = batch._mutatingExtracting(start..<start + elements)
        augmentation.makeView(
          of: image, size: viewSize, &stream, dataset.normalization, workspace: workspace,
          fixed: choices(sample: sample, view: view, epoch: epoch), into: &target,
          channelStride: layout.channelStride, pixelStride: layout.pixelStride)
      }
    }
    mixing?.mix(&batch, samples: samples, views: views, epoch: epoch, size: viewSize, layout)
  }

  /// The choices of a view that its operations do not draw.
  ///
  /// With ``alternatesFlip`` the first epoch draws the orientation of each sample's view, and every epoch exchanges it (Keller Jordan's
  /// alternating flip): two epochs in a row show both.
  package func choices(sample: Int, view: Int, epoch: Int) -> Augmentation.FixedChoices {
    var choices = Augmentation.FixedChoices()
    choices.fullSize = fullSize
    if alternatesFlip {
      var stream = RandomStream(seed: seed, .flip, sample: sample, view: view)
      choices.isMirrored = stream.nextEvent(probability: 0.5) != !epoch.isMultiple(of: 2)
    }
    return choices
  }
}
