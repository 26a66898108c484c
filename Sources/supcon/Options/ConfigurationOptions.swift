import ArgumentParser
import Configuration

/// The options of a training run.
///
/// They have no defaults here, because the value of an option that is not given comes from the resumed run or the
/// command's defaults.
struct ConfigurationOptions: OptionArguments {
  @Option(
    name: .customLong("recipe"),
    help: ArgumentHelp("A published recipe; help lists all. --config and flags override it.", valueName: "name"),
    completion: .list(NamedRecipe.all.map(\.name)))
  var named: String?
  @Option(
    help: ArgumentHelp(
      "Options by name in YAML, such as a run's config.yaml. Flags override it.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml", "json"]))
  var config: ConfigurationArgument?
  @OptionGroup var images: ImageOptions
  @Option("shapes-train") var shapesTrain: String?
  @Option("shapes-test") var shapesTest: String?
  @Option("model") var model: String?
  @Option("stem") var stem: String?
  @Option("shortcut") var shortcut: String?
  @Option("width-multiplier") var widthMultiplier: String?
  @Flag("zero-init-last-scale") var zeroInitLastScale: Bool?
  @Flag("normalize-encoder") var normalizeEncoder: Bool?
  @Option("head") var head: String?
  @Option("head-widths") var headWidths: String?
  @Flag("head-batch-norm") var headBatchNorm: Bool?
  @Option("embedding-width") var embeddingWidth: String?
  @OptionGroup var lossVariant: LossVariantOptions
  @Option("temperature") var temperature: String?
  @Option("gather-precision") var gatherPrecision: String?
  @OptionGroup var crossEntropy: CrossEntropyOptions
  @Option("epochs") var epochs: String?
  @Option("batch-size") var batchSize: String?
  @Option("sampler") var sampler: String?
  @Option("classes-per-batch") var classesPerBatch: String?
  @Option("last-batch") var lastBatch: String?
  @Option("shard-size") var shardSize: String?
  @Option("batch-norm") var batchNorm: String?
  @Option("views") var views: String?
  @OptionGroup var viewStages: ViewStageOptions
  @Option("augmentation") var augmentation: String?
  @Option("optimizer") var optimizer: String?
  @Option("learning-rate") var learningRate: String?
  @Flag("scale-learning-rate") var scaleLearningRate: Bool?
  @Option("momentum") var momentum: String?
  @Flag("nesterov") var nesterov: Bool?
  @Option("beta1") var beta1: String?
  @Option("beta2") var beta2: String?
  @Option("rmsprop-decay") var rmspropDecay: String?
  @Option("epsilon") var epsilon: String?
  @Option("weight-decay") var weightDecay: String?
  @Option("weight-decay-exclude") var weightDecayExclude: String?
  @Option("weight-average") var weightAverage: String?
  @Option("schedule") var schedule: String?
  @Option("decay-epochs") var decayEpochs: String?
  @Option("decay-rate") var decayRate: String?
  @Option("epochs-per-decay") var epochsPerDecay: String?
  @Option("warmup-epochs") var warmupEpochs: String?
  @Option("precision") var precision: String?
  @Option("seed") var seed: String?
  @Option("threads") var threads: String?
  @Option("loader-threads") var loaderThreads: String?
  @Option("activation-memory") var activationMemory: String?
  @Option("overlap") var overlap: String?

  /// The given options: those of the recipe, overridden by those of the configuration file, overridden by flags.
  ///
  /// An invalid recipe or file is ignored here, because ``configurationProblem(of:)`` reports it before.
  var overrides: ConfigurationOverrides {
    let recipe = named.flatMap { name in try? NamedRecipe.named(name).overrides().given(by: "--recipe \(name)") }
    let file = config.flatMap { config in
      try? config.contents.get().given(by: "--config \(config.path)", folder: config.folder)
    }
    return (recipe ?? ConfigurationOverrides()).overridden(by: file ?? ConfigurationOverrides()).overridden(by: given)
  }

  /// The number of threads of each rank.
  var threadsPerRank: Int { overrides.applied(to: Configuration()).compute.threads }

  /// Returns the error in the recipe's name or in the configuration file, or `nil`.
  ///
  /// - Parameter command: The command for which the recipe must be.
  /// - Returns: The error with the job's exit code, or `nil`.
  func configurationProblem(of command: TrainingCommand) -> RunError? {
    do {
      if let recipe = try named.map(NamedRecipe.named), recipe.command != command {
        return RunError(.usage, "--recipe \(recipe.name): is for supcon \(recipe.command.rawValue)")
      }
      _ = try config?.contents.get()
      return nil
    } catch {
      return RunError(error)
    }
  }
}
