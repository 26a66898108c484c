extension OptionParser where Value == ActivationMemory {
  static let activationMemory = OptionParser(kind: .text) { (text) throws(OptionFailure) in
    guard let memory = ActivationMemory(text) else {
      throw OptionFailure(expectation: "expected auto, or a size such as 800MB or 2GiB")
    }
    return memory
  } write: { memory in
    memory.text
  }
}

extension OptionParser where Value == ComputeOptions.Balance {
  static let balance = OptionParser(kind: .text) { (text) throws(OptionFailure) in
    let words: [String: ComputeOptions.Balance] = ["even": .even, "auto": .auto]
    let weights = OptionParser<[Int]>.counts(example: "2,2,1", to: 1_000_000)
    guard let weights = try? weights.read(text) else {
      guard let choice = words[text] else {
        throw OptionFailure(expectation: "expected even, auto, or a whole number from 1 for each rank, such as 2,2,1")
      }
      return choice
    }
    return .weights(weights)
  } write: { balance in
    guard case .weights(let weights) = balance else { return "\(balance)" }
    return weights.map { weight in "\(weight)" }.joined(separator: ",")
  }
}

extension ConfigurationOption {
  static let runRows: [ConfigurationOption] = [
    .init(
      "precision", \.compute.precision, .choice, none: "auto",
      "Compute data type of the encoder: float32, bfloat16, or auto: the faster one for the encoder on the CPUs of all ranks.",
      .compute),
    .init("seed", \.compute.seed, .natural, "Random seed.", .compute),
    .init(
      "threads", \.compute.threads, .count(from: 1, to: ComputeOptions.largestThreadCount), "Threads of each rank.",
      .compute, [.freeOnResume, .stepIsTheSame]),
    .init(
      "loader-threads", \.compute.loaderThreads, .count(from: 0, to: ComputeOptions.largestThreadCount),
      "Further threads of each rank that make views ahead.", default: "the CPUs that are left to the rank", .compute,
      [.freeOnResume]),
    .init(
      "activation-memory", \.compute.activationMemory, .activationMemory,
      "Memory on each rank for activations, such as 800MB or 2GiB; shards beyond it are computed twice, to the same bits. auto: 1 GiB, or half of the free memory if that is less, for all ranks of a host.",
      value: "size", .compute, [.freeOnResume]),
    .init(
      "overlap", \.compute.overlap, .choice,
      "Reduce gradients between ranks while the backward pass still runs, to the same bits: on, off, or auto: where ranks are on several hosts.",
      .compute, [.freeOnResume]),
    .init(
      "shared-memory", \.compute.sharedMemory, .choice,
      "Parameters and optimizer state once on each host, in memory that its ranks share and update in parts, to the same bits: auto (where several ranks are on a host) or off.",
      .compute, [.freeOnResume]),
    .init(
      "balance", \.compute.balance, .balance,
      "Shards of each rank, to the same bits: even, auto (by the speed of the ranks in the first steps, where steps get shorter), or in proportion to a number for each rank.",
      value: "even|auto|w,w,…", .compute, [.freeOnResume]),
    .init(
      "checkpoint-steps", \.checkpoints.steps, .count(from: 1), "Steps between checkpoints.",
      default: "an epoch", .output, [.freeOnResume, .stepIsTheSame]),
    .init(
      "keep", \.checkpoints.keep, .count(from: 1), "Number of checkpoints that are kept.", .output,
      [.freeOnResume, .stepIsTheSame]),
    .init(
      "keep-best", \.checkpoints.best, .choice,
      "Also keep the checkpoint of the best evaluation by knn, knn200, class-means, linear-probe or classifier: accuracy on validation images (on training images if none are held out).",
      .output, when: [.evaluations, .classifierToJudge], [.freeOnResume, .stepIsTheSame]),
    .init(
      "evaluate-epochs", \.checkpoints.evaluateEpochs, .count(from: 0),
      "Epochs between evaluations by k-NN, class means and a linear probe, never on test images; 0: none. If given, also those between tests of a classifier, which is otherwise tested at the end.",
      default: "a tenth of --epochs", .output, [.freeOnResume, .stepIsTheSame]),
    .init(
      "log-steps", \.checkpoints.logSteps, .count(from: 1), "Logging interval of metrics.jsonl, in steps.", .output,
      [.freeOnResume, .stepIsTheSame]),
  ]
}
