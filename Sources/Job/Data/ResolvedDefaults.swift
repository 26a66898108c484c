import Configuration
import DataLoading
import Datasets
import Imaging

extension Configuration {
  /// The minimum number of steps per epoch for the default batch size: with fewer, a contrastive loss may stay on its
  /// initial plateau for several epochs.
  private static let fewestSteps = 40
  /// The default learning rate for the smaller default batch, between linear and square-root scaling.
  ///
  /// With the default rate for larger batches, four of twenty seeds made all embeddings equal on `shapes`.
  private static let smallBatchLearningRate = 0.035

  /// The largest side of views, in pixels, that are augmented like CIFAR images, not like photographs.
  private static let largestSmallView = 64

  /// Chooses defaults that depend on the training set; options that were given, or are set by a resumed run, are
  /// unchanged.
  ///
  /// - Parameters:
  ///   - dataset: The training set.
  ///   - given: The options that were given.
  ///   - report: Receives a note of each choice.
  package mutating func resolveDefaults(
    for dataset: any ImageDataset, given: ConfigurationOverrides, report: Reporter
  ) {
    fitBatch(to: dataset.count, given, report)
    let viewSize = viewSize(of: dataset)
    if data.dataset == .folder, !given.gives(\.views.augmentation),
      max(viewSize.width, viewSize.height) > Self.largestSmallView, let preset = try? Augmentation("supcontrast")
    {
      views.augmentation = preset
      report(
        "augmentation: supcontrast, as views are larger than \(Self.largestSmallView) pixels and --augmentation is not given"
      )
    }
  }

  /// Lowers the default learning rate of SGD for the smaller default batch.
  private mutating func fitLearningRate(_ given: ConfigurationOverrides, _ report: Reporter) {
    guard optimizer.kind == .sgd, !optimizer.scaleLearningRate, !given.gives(\.optimizer.learningRate) else { return }
    let usual = plain(optimizer.learningRate)
    optimizer.learningRate = Self.smallBatchLearningRate
    report(
      "learning rate: \(plain(optimizer.learningRate)) in place of \(usual), as batches are small and --learning-rate is not given"
    )
  }

  /// Reduces the default batch size for a small training set, so that an epoch has enough steps.
  private mutating func fitBatch(to count: Int, _ given: ConfigurationOverrides, _ report: Reporter) {
    guard count > 1, !given.gives(\.batches.size), batches.sampling == .shuffle else { return }
    var size = batches.size
    if isContrasting, count / size < Self.fewestSteps, !given.gives(\.batches.shardSize) {
      size = min(size, BatchOptions.smallSize)
      batches.shardSize = min(batches.shardSize, BatchOptions.smallShardSize)
      fitLearningRate(given, report)
    }
    if count < size {
      if count < batches.shardSize {
        guard !given.gives(\.batches.shardSize) else { return }
        batches.shardSize = count
      }
      size = count / batches.shardSize * batches.shardSize
    }
    guard size != batches.size else { return }
    batches.size = size
    report(
      "batch size: \(batches.size) in shards of \(batches.shardSize), as the training set has \(counted(count, "sample")) and --batch-size is not given"
    )
  }
}
