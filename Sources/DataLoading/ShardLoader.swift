import Datasets
import Formats
import ImageCodecs
import Imaging
import KeyedRandomness

/// Makes the augmented views of shards, the fixed parts of a global batch.
package struct ShardLoader: Sendable {
  /// The dataset that the images are read from.
  package let dataset: any ImageDataset
  /// The height and width of every view.
  package let viewSize: ImageSize
  /// The size of views after progressive resizing; equal to ``viewSize`` without it.
  package var fullSize: ImageSize
  /// True to mirror each view in every second epoch instead of at random.
  package var alternatesFlip = false
  /// The mixing of views within a shard (mixup, CutMix); `nil` for none.
  package var mixing: SampleMixing?
  private let augmentation: Augmentation
  private let views: Int
  private let seed: UInt64
  private let layout: ImageLayout

  /// Creates a loader.
  ///
  /// - Parameters:
  ///   - dataset: The source of the images.
  ///   - augmentation: The random operations that make a view.
  ///   - viewSize: The height and width of every view.
  ///   - views: The number of views per sample.
  ///   - seed: The run's seed.
  ///   - layout: The memory strides of a view's elements.
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

  /// Makes the views of one shard: view 0 of all samples, then view 1 of all samples, and so on.
  ///
  /// - Parameters:
  ///   - batch: Receives `[views, samples, 3 · height · width]`; elements after these are unchanged.
  ///   - samples: The indices of the samples in the dataset.
  ///   - epoch: The epoch, which keys the random draws.
  /// - Throws: ``FileError`` if an image cannot be read.
  package func fill(
    _ batch: inout MutableSpan<Float>, samples: Span<Int32>, epoch: Int
  ) throws(FileError) {
    let elements = 3 * viewSize.pixelCount
    // One workspace for the calling thread, used for many views.
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

  /// Returns the choices for one view that the augmentation does not draw itself: size and mirroring.
  ///
  /// With ``alternatesFlip``, the orientation of each view is random in the first epoch and is reversed in every
  /// following epoch (Keller Jordan's alternating flip), so that any two consecutive epochs show both orientations.
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
