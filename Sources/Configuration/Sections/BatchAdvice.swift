import DataLoading

/// The batch and shard sizes that messages suggest: the training set fills them, and every rank has a shard.
struct BatchAdvice {
  /// The options that do not fit.
  let options: BatchOptions
  /// The number of training samples of each class that has any.
  let classCounts: [Int]
  /// The number of ranks.
  let ranks: Int
  /// True with a contrastive loss, for which the default batch of a small training set is smaller.
  let isContrasting: Bool

  private var sampleCount: Int { classCounts.reduce(0, +) }

  /// The error for a batch with more samples than the training set; `nil` if it is not larger.
  var problem: RunError? {
    guard options.size > sampleCount else { return nil }
    let error = SamplerError.tooFewSamples(batchSize: options.size, sampleCount: sampleCount)
    return RunError(.usage, error.description, remedy: remedy)
  }

  /// The remedy for a training set that cannot fill its batches.
  var remedy: String { fitting ?? otherRemedy }

  /// The options for a batch that fits; `nil` if there is none.
  private var fitting: String? {
    guard sampleCount > 1 else { return nil }
    guard sampleCount >= ranks else {
      let fewer = BatchAdvice(
        options: options, classCounts: classCounts, ranks: sampleCount, isContrasting: isContrasting)
      return fewer.fitting.map { options in "start at most \(counted(sampleCount, "rank")), and \(options)" }
    }
    return options.sampling == .balanced ? balancedBatch : dividedBatch
  }

  /// The remedy where no batch fits.
  private var otherRemedy: String {
    guard sampleCount > 1 else { return "add images" }
    guard options.sampling != .balanced else { return "add images, or leave --sampler and --classes-per-batch out" }
    return options.batchNorm == .shard ? "add images, or start fewer ranks" : "add images, or leave --batch-norm out"
  }

  /// The options for batches of any samples, or of the dataset's proportions of classes; `nil` if there are none.
  private var dividedBatch: String? {
    var usual = options
    (usual.size, usual.shardSize) = (BatchOptions().size, BatchOptions().shardSize)
    let unfitted = usual
    _ = usual.fit(to: sampleCount, isContrasting: isContrasting, keepsShardSize: false)
    // The options are checked with the default sizes first, then with those that fit the training set.
    let isUsual = options.sampling == .shuffle && [unfitted, usual].allSatisfy { $0.problem(ranks: ranks) == nil }
    let parts = [
      isUsual ? "leave --batch-size and --shard-size out (\(usual.size) in shards of \(usual.shardSize))" : nil,
      explicit(within: usual).map { size, shard in
        "give \(isUsual ? "e.g. " : "")--batch-size \(size) --shard-size \(shard)"
      },
    ].compactMap { part in part }
    return parts.isEmpty ? nil : parts.joined(separator: ", or ")
  }

  /// The options for batches of some classes, at most as many samples of each as the smallest class has; `nil` if there
  /// are none.
  private var balancedBatch: String? {
    let classes = min(options.classesPerBatch ?? classCounts.count, classCounts.count)
    let size = classes * min(classCounts.min() ?? 0, max(options.size / classes, 1))
    let counts = (1...max(size, 1)).filter { count in
      size.isMultiple(of: count) && count >= ranks && count.isMultiple(of: options.shardUnit)
    }
    let usual = options.size / max(options.shardSize, 1)
    guard size > 1, let count = counts.last(where: { count in count <= usual }) ?? counts.first else {
      return nil
    }
    let change = classes == options.classesPerBatch ? "" : "--classes-per-batch \(classes) "
    return "give \(change)--batch-size \(size) --shard-size \(size / count)"
  }

  /// Returns a batch that differs from the default one, in a multiple of as many shards as ranks and BatchNorm's groups
  /// ask for, and at least two; `nil` if there is none.
  private func explicit(within usual: BatchOptions) -> (size: Int, shard: Int)? {
    let group = options.shardUnit
    let unit = (max(ranks, 2) + group - 1) / group * group
    let shard = min(usual.shardSize, usual.size / unit)
    guard shard > 0 else { return ranks == 1 && options.batchNorm == .shard ? (sampleCount, sampleCount) : nil }
    let most = usual.size / (shard * unit)
    // Fewer than all samples, so that epochs differ in their batches.
    let count = most > 1 && most * shard * unit == usual.size ? most - 1 : most
    return (count * shard * unit, shard)
  }
}
