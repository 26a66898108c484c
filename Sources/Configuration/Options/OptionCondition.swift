import Datasets

/// A condition under which an option has an effect.
package struct OptionCondition: Sendable {
  /// Returns true if the condition is met.
  let holds: @Sendable (Configuration) -> Bool
  /// Returns the reason why the option has no effect, for the error message if the condition is not met.
  let reason: @Sendable (Configuration) -> String
  /// The advice to the user that ends the error message.
  let remedy: String
  /// True if only a value on the command line is refused, because recipes, sweeps and stored configurations may have
  /// the option beside one that takes its effect away.
  var isOfCommandLine = false
  /// True if the condition depends on the file at a path, which may be another one, or gone, after the run.
  var isOfFiles = false

  static let folder = OptionCondition(
    holds: { $0.data.dataset == .folder },
    reason: { "goes with --dataset folder, not with \($0.data.dataset.rawValue)" },
    remedy: "leave it out, or choose --dataset folder")

  static func notWith(_ files: DataPath.SingleFile...) -> OptionCondition {
    OptionCondition(
      holds: { DataPath.singleFile($0.data.path).map { file in files.contains(file) } != true },
      reason: { "goes with a folder of images, not with the file \($0.data.path ?? "")" },
      remedy: "leave it out, or give a folder as --data", isOfCommandLine: true, isOfFiles: true)
  }

  static let shapes = OptionCondition(
    holds: { $0.data.dataset == .shapes },
    reason: { "goes with --dataset shapes, not with \($0.data.dataset.rawValue)" },
    remedy: "leave it out, or choose --dataset shapes")

  static let contrastive = OptionCondition(
    holds: \.isContrasting, reason: { _ in "without a contrastive loss there is no use for it" },
    remedy: "leave it out, or choose supcon pretrain")

  static let classifier = OptionCondition(
    holds: \.isClassifying, reason: { _ in "there is no classifier" },
    remedy: "leave it out, or give a --cross-entropy-weight above 0")

  static let teacher = OptionCondition(
    holds: { $0.classifier.teacherPath != nil }, reason: { _ in "there is no teacher" },
    remedy: "leave it out, or give a --teacher")

  static let evaluations = OptionCondition(
    holds: { $0.checkpoints.evaluateEpochs != 0 },
    reason: { _ in "nothing is evaluated with --evaluate-epochs 0" },
    remedy: "leave it out, or give --evaluate-epochs above 0")

  static let classifierToJudge = OptionCondition(
    holds: { $0.checkpoints.best != .classifier || $0.isClassifying },
    reason: { _ in "there is no classifier" },
    remedy: "choose knn, knn200, class-means or linear-probe, or give a --cross-entropy-weight above 0")

  static let bothLosses = OptionCondition(
    holds: { $0.isContrasting && $0.isClassifying },
    reason: { _ in "goes with a contrastive loss and a cross-entropy" },
    remedy: "leave it out, or give both weights above 0")

  static let crossEntropyAlone = OptionCondition(
    holds: { !$0.isContrasting },
    reason: { _ in "the contrastive loss has no soft labels" },
    remedy: "leave it out, or choose supcon supervised")

  static let weightedLabels = OptionCondition(
    holds: { $0.classifier.teacherPath == nil || $0.classifier.distillationWeight < 1 },
    reason: { _ in "with --distillation-weight 1 the labels have no weight" },
    remedy: "leave it out, or give a lower --distillation-weight", isOfCommandLine: true)

  static let freeDenominator = OptionCondition(
    holds: { !$0.loss.kind.decidesMode },
    reason: { "--loss \($0.loss.kind.rawValue) has denominators of its own" },
    remedy: "leave one of the two out")

  static let someWeightDecay = OptionCondition(
    holds: { $0.optimizer.weightDecay > 0 }, reason: { _ in "there is no weight decay" },
    remedy: "leave it out, or give a --weight-decay above 0", isOfCommandLine: true)

  static let hiddenLayers = OptionCondition(
    holds: { $0.head.kind == .mlp }, reason: { "--head \($0.head.kind.rawValue) has no hidden layer" },
    remedy: "leave the option out, or choose --head mlp")

  static let someHead = OptionCondition(
    holds: { $0.head.kind != .none },
    reason: { _ in "with --head none the embeddings are as wide as the representations" },
    remedy: "leave the option out")

  static let balancedSampler = OptionCondition(
    holds: { $0.batches.sampling == .balanced },
    reason: { "belongs to --sampler balanced, not to \($0.batches.sampling.rawValue)" },
    remedy: "leave it out, or choose --sampler balanced")

  static func optimizers(_ kinds: OptimizerOptions.Kind...) -> OptionCondition {
    OptionCondition(
      holds: { kinds.contains($0.optimizer.kind) },
      reason: { "--optimizer \($0.optimizer.kind.rawValue) does not use it" },
      remedy: "leave it out, or choose \(kinds.map(\.rawValue).joined(separator: " or "))")
  }

  static func schedules(_ kinds: ScheduleOptions.Kind...) -> OptionCondition {
    OptionCondition(
      holds: { kinds.contains($0.schedule.kind) },
      reason: { "--schedule \($0.schedule.kind.rawValue) does not use it" },
      remedy: "leave it out, or choose \(kinds.map(\.rawValue).joined(separator: " or "))")
  }
}
