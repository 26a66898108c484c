import Datasets

extension Configuration {
  /// The samplers by the names of the command line.
  static let samplers = ["shuffle", "balanced", "fixed-labels"]

  /// What is wrong with the options of the sampler alone, or `nil`.
  var samplerProblem: String? {
    switch (sampler, classesPerBatch) {
    case ("balanced", nil):
      return "--sampler balanced: needs --classes-per-batch, a divisor of --batch-size \(batchSize)"
    case ("balanced", let classes?):
      guard classes >= 1, batchSize.isMultiple(of: classes) else {
        return "--classes-per-batch \(classes): expected a divisor of --batch-size \(batchSize)"
      }
    case (_, .some): return "--classes-per-batch: belongs to --sampler balanced"
    default: break
    }
    return sampler != "shuffle" && lastBatch == "keep"
      ? "--last-batch keep: belongs to --sampler shuffle; the batches of --sampler \(sampler) are all whole" : nil
  }

  /// The sampler of a training set.
  ///
  /// - Throws: ``RunError`` if the set cannot fill such batches.
  package func makeSampler(_ dataset: any ImageDataset) throws(RunError) -> Sampler {
    let kind: Sampler.Kind =
      switch sampler {
      case "balanced": .balanced(classesPerBatch: classesPerBatch ?? 1)
      case "fixed-labels": .fixedLabels
      default: .shuffled
      }
    do {
      return try Sampler(
        kind, dataset, batchSize: batchSize, shardSize: shardSize, lastBatch: lastBatch == "keep" ? .keep : .drop,
        seed: seed)
    } catch {
      throw RunError(.usage, error.description)
    }
  }
}
