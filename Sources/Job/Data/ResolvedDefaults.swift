import Configuration
import DataLoading
import Datasets
import Imaging

extension Configuration {
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

  /// Reduces the default batch size for a small training set, and the learning rate with it.
  private mutating func fitBatch(to count: Int, _ given: ConfigurationOverrides, _ report: Reporter) {
    guard !given.gives(\.batches.size), batches.sampling == .shuffle else { return }
    let usual = batches.size
    let isSmall = batches.fit(
      to: count, isContrasting: isContrasting, keepsShardSize: given.gives(\.batches.shardSize))
    if isSmall { fitLearningRate(given, report) }
    guard batches.size != usual else { return }
    report(
      "batch size: \(batches.size) in shards of \(batches.shardSize), as the training set has \(counted(count, "sample")) and --batch-size is not given"
    )
  }
}
