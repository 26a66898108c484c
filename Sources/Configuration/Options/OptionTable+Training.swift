import Imaging

extension OptionParser where Value == Augmentation {
  static let augmentation = OptionParser(kind: .text) { (text) throws(OptionFailure) in
    do {
      return try Augmentation(text)
    } catch {
      throw OptionFailure(expectation: "\(error); --augmentation help lists all")
    }
  } write: { augmentation in
    augmentation.description
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
      "batch-size", \.batches.size, .count(from: 1), "Samples in a global batch, over all ranks.", .batches),
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
      "shard-size", \.batches.shardSize, .count(from: 1), "Samples in a shard, the unit of computing and of BatchNorm.",
      .batches),
    .init(
      "views", \.views.count, .count(from: 1, to: 1024), "Views of each sample; 1 for supervised.", .views),
    .init(
      "augmentation", \.views.augmentation, .augmentation,
      "Augmentation of views: a preset such as supcontrast or autoaugment-cifar10, or operations joined by +; help lists all.",
      value: "augmentation", .views),
  ]
}
