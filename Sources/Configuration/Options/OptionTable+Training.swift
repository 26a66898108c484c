import Imaging

extension OptionParser where Value == Augmentation {
  static let augmentation = OptionParser(kind: .text) { (text) throws(OptionFailure) in
    do {
      return try Augmentation(text)
    } catch {
      throw OptionFailure(expectation: "\(error)", remedy: "--augmentation help lists all")
    }
  } write: { augmentation in
    augmentation.description
  }
}

extension OptionParser where Value == BatchOptions.BatchNorm {
  static let batchNorm = OptionParser(kind: .text) { (text) throws(OptionFailure) in
    switch text {
    case "shard": return .shard
    case "global": return .global
    default:
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0] == "shards", let count = Int(parts[1]), (1...largestOption).contains(count)
      else {
        throw OptionFailure(
          expectation: "expected shard, global, or shards:K with a whole number K above 0, such as shards:4")
      }
      return .shards(count)
    }
  } write: { batchNorm in
    batchNorm.text
  }
}

extension ConfigurationOption {
  static let trainingRows: [ConfigurationOption] = [
    .init(
      "epochs", \.schedule.epochs, .count(from: 1),
      "Number of training epochs; also the length of the learning-rate schedule.", .schedule, [.stepIsTheSame]),
    .init(
      "steps", \.schedule.steps, .count(from: 0),
      "Stop after this many steps, counted from the start of the run; the schedule stays that of --epochs.",
      .schedule, [.freeOnResume, .stepIsTheSame]),
    .init(
      "batch-size", \.batches.size, .count(from: 1),
      "Samples in a global batch, over all ranks; less for a small training set, as the start prints.", .batches),
    .init(
      "sampler", \.batches.sampling, .choice,
      "Samples of a batch: shuffle; balanced (the same number of each of --classes-per-batch classes); fixed-labels (stratified: every batch has the dataset's proportions of classes).",
      .batches),
    .init(
      "classes-per-batch", \.batches.classesPerBatch, .count(from: 1),
      "Classes in a batch of --sampler balanced.", .batches, when: [.balancedSampler]),
    .init(
      "last-batch", \.batches.lastBatch, .choice,
      "An epoch's last, partial batch: drop, or keep its whole shards as a smaller batch.", .batches),
    .init(
      "shard-size", \.batches.shardSize, .count(from: 1),
      "Samples in a shard, the unit of computing; 8 for a small training set.", .batches),
    .init(
      "batch-norm", \.batches.batchNorm, .batchNorm,
      "Shards over which BatchNorm takes its statistics: shard (each alone), global (all of the batch, on all ranks) or shards:K (each K consecutive ones).",
      value: "shards", .batches),
    .init(
      "views", \.views.count, .count(from: 1, to: 1024), "Views of each sample; 1 for supervised.", .views),
    .init(
      "augmentation", \.views.augmentation, .augmentation,
      "Augmentation of views: a preset such as supcontrast or autoaugment-cifar10, or operations joined by +; --augmentation help lists all. Of a folder, above 64 pixels, supcontrast.",
      value: "augmentation", .views),
    .init(
      "alternating-flip", \.views.alternatesFlip, .boolean,
      "Mirror each view in every second epoch instead of at random; the first epoch draws.", .views),
    .init(
      "progressive-size", \.views.progressiveSizes, .counts(example: "16,24"),
      "Sizes of views in the first stages of training, before the full size; lengths in pixels of an augmentation, as of padded-crop, stay.",
      default: "the full size throughout", value: "pixels,…", .views),
    .init(
      "progressive-epochs", \.views.progressiveEpochs, .counts(example: "40,80"),
      "Epochs after which each of --progressive-size ends.", value: "e,e,…", .views),
    .init(
      "mixup", \.views.mixup, .mixing,
      "α of mixup: views and labels of two samples are averaged with weights from Beta(α, α); 0: none.", value: "alpha",
      .views, when: [.classifier, .crossEntropyAlone]),
    .init(
      "cutmix", \.views.cutmix, .mixing,
      "α of CutMix: a rectangle of each view is replaced by that of another sample; with --mixup, one of the two at random; 0: none.",
      value: "alpha", .views, when: [.classifier, .crossEntropyAlone]),
  ]
}

extension OptionParser where Value == Double {
  /// The parser of the parameter α of a Beta distribution, or 0 for no mixing.
  fileprivate static let mixing = number("0, or a number from 0.01 to 100") { $0 == 0 || (0.01...100).contains($0) }
}
