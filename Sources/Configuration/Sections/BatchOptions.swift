import DataLoading
import Datasets

/// The options of global batches and of the shards that they are divided into.
package struct BatchOptions: Sendable, Equatable {
  /// The strategy that assigns samples to batches.
  package enum Sampling: String, CaseIterable, Sendable {
    /// Every sample once an epoch, in random order.
    case shuffle
    /// Every batch with the same number of samples of each of ``BatchOptions/classesPerBatch`` classes.
    case balanced
    /// Every batch with the dataset's proportions of classes (stratified).
    case fixedLabels = "fixed-labels"
  }

  /// The shards over which BatchNorm takes its statistics.
  package enum BatchNorm: Sendable, Equatable {
    /// Statistics over each shard alone.
    case shard
    /// Statistics over all shards of a batch, including the smaller last batch of an epoch.
    case global
    /// Statistics over each group of the given number of consecutive shards.
    case shards(Int)

    /// The value as text, as in files and on the command line.
    package var text: String {
      switch self {
      case .shard: "shard"
      case .global: "global"
      case .shards(let count): "shards:\(count)"
      }
    }
  }

  /// The number of samples in a global batch.
  package var size = 256
  /// The number of samples in a shard, the part of a batch that one thread computes at a time.
  package var shardSize = 32
  /// The shards over which BatchNorm takes its statistics.
  package var batchNorm = BatchNorm.shard
  /// The strategy that assigns samples to batches.
  package var sampling = Sampling.shuffle
  /// The number of different classes in a batch with ``Sampling/balanced``.
  package var classesPerBatch: Int?
  /// The treatment of an incomplete last batch of an epoch: drop or keep.
  package var lastBatch = Sampler.LastBatch.drop

  /// Creates the default options.
  package init() {}

  /// The number of shards in a global batch.
  package var shardCount: Int { size / max(shardSize, 1) }

  /// Returns the number of consecutive shards that share BatchNorm statistics in a batch of `shardCount` shards.
  package func shardsPerGroup(ofShards shardCount: Int) -> Int {
    switch batchNorm {
    case .shard: 1
    case .global: shardCount
    case .shards(let count): count
    }
  }

  /// True if BatchNorm statistics span several shards; a rank then computes all its shards at the same time.
  package var isSharingStatistics: Bool { shardsPerGroup(ofShards: shardCount) > 1 }

  /// The default batch and shard sizes of small training sets; smaller batches give more steps per epoch.
  ///
  /// Shards of 16 have less noisy BatchNorm statistics and train slightly faster at first, but leave no work for eight
  /// ranks.
  private static let (smallSize, smallShardSize) = (64, 8)
  /// The minimum number of steps per epoch for the default batch size: with fewer, a contrastive loss may stay on its
  /// initial plateau for several epochs.
  private static let fewestSteps = 40

  /// Reduces the default batch size for a small training set, so that an epoch has enough steps.
  ///
  /// - Parameters:
  ///   - count: The number of training samples.
  ///   - isContrasting: True with a contrastive loss, for which batches are smaller.
  ///   - keepsShardSize: True if the shard size was given.
  /// - Returns: True if the batch is the smaller default of a contrastive loss.
  package mutating func fit(to count: Int, isContrasting: Bool, keepsShardSize: Bool) -> Bool {
    guard count > 1 else { return false }
    let isSmall = isContrasting && !keepsShardSize && count / size < Self.fewestSteps
    if isSmall { (size, shardSize) = (min(size, Self.smallSize), min(shardSize, Self.smallShardSize)) }
    if count < size, count >= shardSize || !keepsShardSize {
      shardSize = min(shardSize, count)
      size = count / shardSize * shardSize
    }
    return isSmall
  }

  /// Returns the error for a batch that does not consist of whole shards, or `nil`.
  ///
  /// - Parameters:
  ///   - size: The number of samples in a batch.
  ///   - shardSize: The number of samples in a shard.
  /// - Returns: The error, or `nil`.
  package static func problem(ofBatch size: Int, inShardsOf shardSize: Int) -> RunError? {
    var options = BatchOptions()
    (options.size, options.shardSize) = (size, shardSize)
    return options.wholeShardsProblem(ranks: 1)
  }

  private func wholeShardsProblem(ranks: Int) -> RunError? {
    guard !size.isMultiple(of: max(shardSize, 1)) else { return nil }
    guard size > shardSize else {
      let counts = [1, 2].filter { count in size.isMultiple(of: count) && fits(size, size / count, ranks: ranks) }
      let sizes = counts.map { count in "\(size / count) (\(count == 1 ? "one shard" : "two"))" }
      return RunError(
        .usage, "--batch-size \(size) is smaller than --shard-size \(shardSize)",
        remedy: sizes.isEmpty ? division(ranks: ranks) : "give --shard-size \(sizes.joined(separator: " or ")) too")
    }
    let whole = size / shardSize / shardUnit * shardUnit * shardSize
    return RunError(
      .usage, "--batch-size \(size): expected a multiple of --shard-size \(shardSize)",
      remedy: whole > 0 && fits(whole, shardSize, ranks: ranks)
        ? "choose \(whole) or another shard size" : division(ranks: ranks))
  }

  /// The number of which BatchNorm asks that the shards of a batch are a multiple.
  var shardUnit: Int { if case .shards(let count) = batchNorm { count } else { 1 } }

  /// Returns true if batches of `size` samples in shards of `shard` suit the ranks, the classes and BatchNorm.
  private func fits(_ size: Int, _ shard: Int, ranks: Int) -> Bool {
    var options = self
    (options.size, options.shardSize) = (size, shard)
    let isOfClasses = sampling != .balanced || size.isMultiple(of: classesPerBatch ?? 1)
    return isOfClasses && size / shard >= ranks && options.batchNormProblem(ofBatch: size) == nil
  }

  /// Returns the advice that gives each rank a shard of a batch of about the same size.
  private func division(ranks: Int) -> String {
    let unit = (ranks + shardUnit - 1) / shardUnit * shardUnit
    let shard = size / unit
    if shard > 0, fits(shard * unit, shard, ranks: ranks) {
      return "give --batch-size \(shard * unit) --shard-size \(shard)"
    }
    if ranks > size, fits(size, 1, ranks: size) {
      return "start at most \(counted(size, "rank")), and give --batch-size \(size) --shard-size 1"
    }
    return "choose a larger --batch-size" + (sampling == .balanced ? " that --classes-per-batch divides" : "")
      + (batchNorm == .shard ? "" : " or another --batch-norm")
  }

  /// The error for the first contradiction between these options or with the number of ranks; `nil` if there is none.
  package func problem(ranks: Int) -> RunError? {
    sizeProblem(ranks: ranks) ?? lastBatchProblem ?? batchNormProblem(ofBatch: size)
  }

  /// Returns the error if batch, shards, classes and ranks do not fit each other; `nil` if they do.
  func sizeProblem(ranks: Int) -> RunError? {
    if let problem = wholeShardsProblem(ranks: ranks) { return problem }
    guard ranks <= shardCount else {
      let isFitting = fits(size, shardSize, ranks: 1)
      return RunError(
        .usage,
        "\(counted(ranks, "rank")) for \(counted(shardCount, "shard")) (--batch-size \(size) in shards of --shard-size \(shardSize))",
        remedy: [
          isFitting ? "start at most \(counted(shardCount, "rank"))" : nil,
          isFitting && ranks > size ? nil : division(ranks: ranks),
        ].compactMap { part in part }.joined(separator: ", or "))
    }
    guard sampling == .balanced else { return nil }
    guard let classesPerBatch else {
      return RunError(.usage, "--sampler balanced: needs --classes-per-batch, a divisor of --batch-size \(size)")
    }
    return size.isMultiple(of: classesPerBatch)
      ? nil
      : RunError(.usage, "--classes-per-batch \(classesPerBatch): expected a divisor of --batch-size \(size)")
  }

  /// Returns the error if a batch of `size` samples cannot be divided into BatchNorm's groups of shards, or `nil`.
  private func batchNormProblem(ofBatch size: Int, isLast: Bool = false) -> RunError? {
    guard batchNorm != .shard else { return nil }
    let count = size / max(shardSize, 1)
    let group = shardsPerGroup(ofShards: count)
    let batch = isLast ? "an epoch's last batch of \(counted(size, "sample"))" : "--batch-size \(size)"
    guard count.isMultiple(of: group) else {
      let divisors = (1...count).filter { divisor in
        count.isMultiple(of: divisor) && (!isLast || shardCount.isMultiple(of: divisor))
      }
      return RunError(
        .usage,
        "--batch-norm \(batchNorm.text): expected a divisor of the \(counted(count, "shard")) of \(batch) in shards of --shard-size \(shardSize)",
        remedy: "K can be \(divisors.map { divisor in "\(divisor)" }.joined(separator: ", "))"
          + (isLast ? "; or choose --last-batch drop, or --batch-norm global" : "; or choose --batch-norm global"))
    }
    guard group * shardSize > 1 else {
      return RunError(
        .usage, "--batch-norm \(batchNorm.text): \(batch) gives statistics of a single sample",
        remedy: isLast ? "choose --last-batch drop" : "give a larger batch")
    }
    return nil
  }

  private var lastBatchProblem: RunError? {
    sampling != .shuffle && lastBatch == .keep
      ? RunError(
        .usage, "--last-batch keep: belongs to --sampler shuffle",
        remedy: "leave it out: the batches of --sampler \(sampling.rawValue) are all whole") : nil
  }

  /// Creates the sampler that divides a training set into global batches.
  ///
  /// - Parameters:
  ///   - dataset: The training set.
  ///   - seed: The run's seed.
  ///   - isContrasting: True with a contrastive loss, for which the default batch of a small training set is smaller.
  ///   - ranks: The number of ranks, for the advice in errors.
  /// - Returns: The sampler.
  /// - Throws: ``RunError`` if the dataset cannot fill batches of this kind.
  func makeSampler(
    _ dataset: any ImageDataset, seed: UInt64, isContrasting: Bool = true, ranks: Int = 1
  ) throws(RunError) -> Sampler {
    let kind: Sampler.Kind =
      switch sampling {
      case .shuffle: .shuffled
      case .balanced: .balanced(classesPerBatch: classesPerBatch ?? 1)
      case .fixedLabels: .fixedLabels
      }
    let sampler: Sampler
    do {
      sampler = try Sampler(kind, dataset, batchSize: size, shardSize: shardSize, lastBatch: lastBatch, seed: seed)
    } catch {
      let advice = BatchAdvice(
        options: self, classCounts: dataset.classCounts, ranks: ranks, isContrasting: isContrasting)
      throw RunError(.usage, error.description, remedy: advice.remedy)
    }
    for batch in Set([size, sampler.lastBatchSize]).sorted(by: >) {
      if let problem = batchNormProblem(ofBatch: batch, isLast: batch != size) {
        throw problem
      }
    }
    return sampler
  }
}
