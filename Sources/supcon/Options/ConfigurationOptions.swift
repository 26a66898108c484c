import ArgumentParser
import Configuration

/// The options of a training run.
///
/// They have no defaults here, because the value of an option that is not given comes from the resumed run or the
/// command's defaults.
struct ConfigurationOptions: OptionArguments {
  @Option(
    name: .customLong("recipe"),
    help: ArgumentHelp(
      "A published recipe; --recipe help lists all. --config and flags override it.", valueName: "name"),
    completion: .list(NamedRecipe.all.map(\.name)))
  var named: String?
  @Option(
    help: ArgumentHelp(
      "Options by name in YAML, such as a run's config.yaml. Flags override it.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml", "json"]))
  var config: ConfigurationArgument?
  @OptionGroup(title: "Data") var data: DataArguments
  @OptionGroup(title: "Model") var model: ModelArguments
  @OptionGroup(title: "Loss") var loss: LossArguments
  @OptionGroup(title: "Batch") var batch: BatchArguments
  @OptionGroup(title: "Augmentation") var views: ViewArguments
  @OptionGroup(title: "Optimizer") var optimizer: OptimizerArguments
  @OptionGroup(title: "Run") var computing: ComputeArguments

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
  /// - Parameter command: The command that the recipe must belong to.
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
