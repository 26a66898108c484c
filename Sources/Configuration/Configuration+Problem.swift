import Datasets

extension Configuration {
  /// Checks the options for contradictions, and for options that were given but have no effect.
  ///
  /// Values out of range are not checked here: the option parsers refuse them.
  ///
  /// - Parameters:
  ///   - given: The options that were given. One on the command line is refused if it has no effect, even if its value
  ///     is the default.
  ///   - ranks: The number of ranks of the job.
  /// - Returns: The first problem found, or `nil`.
  package func problem(given: ConfigurationOverrides, ranks: Int) -> RunError? {
    if let problem = given.problem ?? dataProblem { return problem }
    let shape = views.problem(epochs: schedule.epochs) ?? mixingProblem ?? model.problem ?? head.problem
    if let problem = shape ?? batchProblem(ranks: ranks) { return problem }
    // The stored options of an earlier run may have a limit in bytes.
    let memory = given.gives(\.compute.activationMemory) ? compute.activationMemory.problem : nil
    return contrastProblem ?? balanceProblem(ranks: ranks) ?? overlapProblem ?? memory
      ?? (isContrasting ? loss.problem(views: views.count) : nil) ?? lossesProblem ?? optimizer.problem
      ?? schedule.problem
      ?? ConfigurationOption.all.lazy.compactMap { option in option.needless(in: self, given) }.first
  }

  /// The error for the first contradiction between the dataset options; `nil` if there is none.
  package var dataProblem: RunError? { dataProblem(given: ConfigurationOverrides()) }

  /// Returns the error for the first contradiction between the dataset options, also of those that were given without
  /// effect; `nil` if there is none.
  package func dataProblem(given: ConfigurationOverrides) -> RunError? {
    switch (data.dataset, data.path) {
    case (.shapes, .some):
      return RunError(
        .usage, "--data: --dataset shapes, the default, is built in and reads no folder",
        remedy: "add --dataset folder, cifar10 or cifar100, or leave --data out")
    case (.cifar10, nil), (.cifar100, nil):
      return RunError(
        .usage, "--dataset \(data.dataset.rawValue): its files are not given",
        remedy:
          "give --data with the folder of its binary version, as unpacked from \(data.dataset == .cifar10 ? "cifar-10" : "cifar-100")-binary.tar.gz"
      )
    case (.folder, nil):
      return RunError(.usage, "--dataset folder: needs --data with the folder of the images, or a pack")
    default: break
    }
    if let needless = needlessOption(of: .dataset, given: given) { return needless }
    if (data.mean == nil) != (data.standardDeviation == nil) {
      return RunError(.usage, "--mean, --std: expected both or neither")
    }
    if data.trainFolder == nil, let folder = data.validationFolder ?? data.testFolder,
      DataPath.singleFile(data.path) == nil
    {
      return RunError(
        .usage, "--\(data.validationFolder == nil ? "test" : "validation")-folder \(folder): goes with --train-folder",
        remedy: "give the folder of the training images too")
    }
    return nil
  }

  /// Returns the error for the first option of a group that was given without effect; `nil` if there is none.
  package func needlessOption(of group: ConfigurationOption.Group, given: ConfigurationOverrides) -> RunError? {
    ConfigurationOption.all.lazy.filter { option in option.group == group }
      .compactMap { option in option.needless(in: self, given) }.first
  }

  /// Returns the error for batches that do not fit the shards and ranks, or `nil`; its advice fits the training set.
  private func batchProblem(ranks: Int) -> RunError? {
    guard let problem = batches.problem(ranks: ranks) else { return nil }
    guard let counts = trainingClassCounts() else { return problem }
    let advice = BatchAdvice(options: batches, classCounts: counts, ranks: ranks, isContrasting: isContrasting)
    if let problem = advice.problem { return problem }
    // Problems other than of sizes have remedies of their own.
    return batches.sampling == .balanced && batches.sizeProblem(ranks: ranks) != nil
      ? RunError(problem.exitCode, problem.problem, remedy: advice.remedy) : problem
  }

  /// The error for batches without negatives, or `nil`.
  private var contrastProblem: RunError? {
    // Prototypes of the other classes are negatives of every sample.
    guard isContrasting, !hasPrototypes else { return nil }
    if batches.sampling == .balanced, batches.classesPerBatch == 1, loss.kind != .simclr {
      return RunError(
        .usage, "--classes-per-batch 1: a contrastive loss of batches of one class has no negatives",
        remedy: "give at least 2")
    }
    return batches.size > 1
      ? nil
      : RunError(
        .usage, "--batch-size 1: a contrastive loss compares the samples of a batch, and has no negatives",
        remedy: "give at least 2")
  }

  /// Returns the error for weights of another number of ranks, or `nil`.
  package func balanceProblem(ranks: Int) -> RunError? {
    guard case .weights(let weights) = compute.balance, weights.count != ranks else { return nil }
    return RunError(
      .usage, "--balance: \(counted(weights.count, "number")) for \(counted(ranks, "rank"))",
      remedy: "give one for each rank, or --balance auto")
  }

  private var overlapProblem: RunError? {
    guard compute.overlap == .on, batches.isSharingStatistics else { return nil }
    return RunError(
      .usage,
      "--overlap on: with --batch-norm \(batches.batchNorm.text) the backward pass has messages of its own",
      remedy: "leave it out")
  }

  private var mixingProblem: RunError? {
    guard views.isMixing, isClassifying, !isContrasting, batches.shardSize < 2 else { return nil }
    return RunError(
      .usage,
      "--\(views.mixup > 0 ? "mixup" : "cutmix"): mixes samples of one shard, but --shard-size is \(batches.shardSize)",
      remedy: "give a larger shard")
  }

  private var lossesProblem: RunError? {
    isContrasting || isClassifying
      ? nil
      : RunError(
        .usage, "--contrastive-weight 0, --cross-entropy-weight 0: no loss is left",
        remedy: "give one of them above 0; supcon supervised has the cross-entropy alone")
  }
}

extension ConfigurationOption {
  /// Returns the error for this option if it has no effect but was given on the command line or differs from its
  /// default, or `nil`.
  func needless(in configuration: Configuration, _ given: ConfigurationOverrides) -> RunError? {
    let failing = conditions.first { condition in
      (given.isOnCommandLine(name) || !condition.isOfCommandLine) && !condition.holds(configuration)
    }
    guard let condition = failing else { return nil }
    let text = write(configuration)
    guard given.isOnCommandLine(name) || text != defaultValue else { return nil }
    let flag = kind != .boolean ? "--\(name) \(text ?? "auto")" : text == "true" ? "--\(name)" : "--no-\(name)"
    let source = given.source(of: name) ?? ""
    let origin = source.isEmpty ? "" : " (of \(source))"
    let copy = source.hasPrefix("--recipe ") ? "; change a copy of it: supcon \(source.dropFirst(2)) > my.yaml" : ""
    return RunError(.usage, "\(flag)\(origin): \(condition.reason(configuration))", remedy: condition.remedy + copy)
  }
}
