import Datasets
import KeyedRandomness

/// The assignment of samples to the global batches of an epoch, a function of seed and epoch that is equal on all
/// ranks.
///
/// No sample occurs twice in a global batch.
package struct Sampler: Sendable {
  /// The strategy that assigns samples to batches.
  package enum Kind: Sendable, Equatable {
    /// Every sample once an epoch, in random order.
    case shuffled
    /// Every batch with the same number of samples of each of `classesPerBatch` classes.
    case balanced(classesPerBatch: Int)
    /// Stratified: every batch has samples of each class in proportion to the class's size, so that the lower bound of
    /// the loss is the same for every batch. If the places of a batch do not divide evenly among classes of one size,
    /// some get one sample more than the others, in turn.
    case fixedLabels
  }

  /// The treatment of the samples that remain after the last full batch of a shuffled epoch.
  package enum LastBatch: String, Sendable, CaseIterable {
    /// The remaining samples are omitted from the epoch.
    case drop
    /// The remaining whole shards (fixed parts of a batch) form a smaller last batch.
    case keep
  }

  /// The number of global batches in an epoch.
  package let stepsPerEpoch: Int

  /// The number of samples in the last batch of an epoch; all other batches have the full size.
  package let lastBatchSize: Int

  /// The classes that have samples but no place in any batch of ``Kind/fixedLabels``, because they are too small.
  package let unseenClasses: [Int]

  /// The classes of one size, and their numbers of samples in a batch of ``Kind/fixedLabels``.
  struct Stratum: Sendable {
    let classes: [Int32]
    /// The number of samples of each class, but for ``extraCount`` classes, which have one more.
    let quota: Int
    let extraCount: Int
  }

  /// The classes by size, for ``Kind/fixedLabels``; empty for other kinds.
  let strata: [Stratum]

  private let kind: Kind
  private let sampleCount: Int
  private let batchSize: Int
  private let seed: UInt64
  /// The sample indices of each class that has samples, for the kinds that use labels.
  private let classes: [[Int32]]

  /// Creates a sampler for a training set.
  ///
  /// - Parameters:
  ///   - kind: The sampling strategy.
  ///   - dataset: The training set.
  ///   - batchSize: The number of samples in a global batch.
  ///   - shardSize: The number of samples in a shard, a divisor of `batchSize`.
  ///   - lastBatch: The treatment of an incomplete last batch of ``Kind/shuffled``.
  ///   - seed: The run's seed.
  /// - Throws: ``SamplerError`` if the dataset cannot fill batches of this kind.
  package init(
    _ kind: Kind, _ dataset: any ImageDataset, batchSize: Int, shardSize: Int, lastBatch: LastBatch = .drop,
    seed: UInt64
  ) throws(SamplerError) {
    self.kind = kind
    self.batchSize = batchSize
    self.seed = seed
    sampleCount = dataset.count
    guard sampleCount >= batchSize else { throw .tooFewSamples(batchSize: batchSize, sampleCount: sampleCount) }
    let kept = lastBatch == .keep ? sampleCount % batchSize / shardSize * shardSize : 0
    stepsPerEpoch = sampleCount / batchSize + (kept > 0 ? 1 : 0)
    lastBatchSize = kept > 0 ? kept : batchSize

    guard kind != .shuffled else {
      (classes, strata, unseenClasses) = ([], [], [])
      return
    }
    var samples = [[Int32]](repeating: [], count: dataset.classNames.count)
    for sample in 0..<sampleCount {
      samples[dataset.label(at: sample)].append(Int32(sample))
    }
    strata = kind == .fixedLabels ? Self.strata(of: samples.map(\.count), batchSize: batchSize) : []
    unseenClasses = strata.filter { stratum in stratum.quota + stratum.extraCount == 0 }.flatMap(\.classes)
      .map(Int.init).filter { index in !samples[index].isEmpty }.sorted()
    if case .balanced(let classesPerBatch) = kind {
      let names = zip(dataset.classNames, samples).filter { _, samples in !samples.isEmpty }.map { name, _ in name }
      guard classesPerBatch <= names.count else {
        throw .tooFewClasses(classesPerBatch: classesPerBatch, classCount: names.count)
      }
      samples.removeAll(where: \.isEmpty)
      let needed = batchSize / classesPerBatch
      if let small = samples.firstIndex(where: { samples in samples.count < needed }) {
        throw .smallClass(
          name: names[small], sampleCount: samples[small].count, needed: needed, classesPerBatch: classesPerBatch)
      }
    }
    classes = samples
  }

  /// Returns the number of samples of each class in a batch, in proportion to the class sizes `counts`, by the
  /// largest-remainder method; ties go to the first class.
  static func quotas(of counts: [Int], batchSize: Int) -> [Int] {
    let total = counts.reduce(0, +)
    var quotas = counts.map { count in batchSize * count / total }
    let remainders = counts.map { count in batchSize * count % total }
    let byRemainder = counts.indices.sorted { first, second in
      (remainders[second], first) < (remainders[first], second)
    }
    for index in byRemainder.prefix(batchSize - quotas.reduce(0, +)) {
      quotas[index] += 1
    }
    return quotas
  }

  /// Returns the classes grouped by their sizes `counts`, with the ``quotas(of:batchSize:)`` of each group.
  ///
  /// Classes without samples are a group too: a group's number keys its random draws (``batches(ofEpoch:)``), and to
  /// leave that group out would change the batches of data that have such a class.
  static func strata(of counts: [Int], batchSize: Int) -> [Stratum] {
    let quotas = quotas(of: counts, batchSize: batchSize)
    return Set(counts).sorted().map { count in
      let classes = counts.indices.filter { index in counts[index] == count }
      let own = classes.map { index in quotas[index] }
      let least = own.min() ?? 0
      return Stratum(
        classes: classes.map(Int32.init), quota: least, extraCount: own.reduce(0, +) - least * classes.count)
    }
  }

  /// Returns the sample indices of each global batch of an epoch, in order.
  package func batches(ofEpoch epoch: Int) -> [ArraySlice<Int32>] {
    switch kind {
    case .shuffled:
      let order = SampleOrder.permutation(of: sampleCount, seed: seed, epoch: epoch)
      return (0..<stepsPerEpoch).map { step in
        order[step * batchSize..<min((step + 1) * batchSize, (stepsPerEpoch - 1) * batchSize + lastBatchSize)]
      }
    case .balanced(let classesPerBatch):
      var classOrder = ShuffledQueue(
        classes.indices.map { index in Int32(index) }, RandomStream(seed: seed, .classOrder, epoch: epoch))
      return composedBatches(ofEpoch: epoch) {
        classOrder.next(classesPerBatch).map { index in (Int(index), batchSize / classesPerBatch) }
      }
    case .fixedLabels:
      var turns = strata.enumerated().map { number, stratum in
        ShuffledQueue(stratum.classes, RandomStream(seed: seed, .classOrder, epoch: epoch, sample: number))
      }
      return composedBatches(ofEpoch: epoch) {
        strata.indices.flatMap { number in
          let stratum = strata[number]
          let extra = Set(turns[number].next(stratum.extraCount))
          return stratum.classes.map { index in (Int(index), stratum.quota + (extra.contains(index) ? 1 : 0)) }
        }
      }
    }
  }

  /// Returns the batches of an epoch with the class counts that `composition` gives, each in random order.
  ///
  /// The random order mixes classes within every shard, over which BatchNorm takes its statistics.
  private func composedBatches(ofEpoch epoch: Int, composition: () -> [(index: Int, count: Int)]) -> [ArraySlice<Int32>]
  {
    var queues = classes.enumerated().map { index, samples in
      ShuffledQueue(samples, RandomStream(seed: seed, .classSampleOrder, epoch: epoch, sample: index))
    }
    var stream = RandomStream(seed: seed, .sampleOrder, epoch: epoch)
    return (0..<stepsPerEpoch).map { _ in
      composition().flatMap { index, count in queues[index].next(count) }.shuffled(with: &stream)[...]
    }
  }
}

/// The reason why a dataset cannot fill the batches of a ``Sampler``.
package enum SamplerError: Error, CustomStringConvertible, Equatable {
  /// The dataset has fewer samples than a batch.
  case tooFewSamples(batchSize: Int, sampleCount: Int)
  /// The dataset has fewer classes than a batch needs.
  case tooFewClasses(classesPerBatch: Int, classCount: Int)
  /// A class has fewer samples than a batch needs of it.
  case smallClass(name: String, sampleCount: Int, needed: Int, classesPerBatch: Int)

  /// The problem and the expected values, as command-line options.
  package var description: String {
    switch self {
    case .tooFewSamples(let batchSize, let sampleCount):
      "--batch-size \(batchSize): the training set has only \(sampleCount == 1 ? "one sample" : "\(sampleCount) samples")"
    case .tooFewClasses(let classesPerBatch, let classCount):
      "--classes-per-batch \(classesPerBatch): the training set has only \(classCount) classes"
    case .smallClass(let name, let sampleCount, let needed, let classesPerBatch):
      "--classes-per-batch \(classesPerBatch): a batch takes \(needed) samples of each of its classes, but class \(name) has only "
        + "\(sampleCount)"
    }
  }
}
