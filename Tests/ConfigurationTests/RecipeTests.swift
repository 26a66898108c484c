import Configuration
import Testing

/// The published recipes inside the program.
struct RecipeTests {
  private func configuration(_ name: String) throws -> (recipe: NamedRecipe, configuration: Configuration) {
    let recipe = try NamedRecipe.named(name)
    return (recipe, try recipe.overrides().applied(to: recipe.command.defaults))
  }

  @Test(arguments: NamedRecipe.all.map(\.name))
  func `each is whole and its options fit each other`(name: String) throws {
    var (recipe, configuration) = try configuration(name)
    #expect(recipe.yaml.hasPrefix("# "), "its source")
    configuration.data.path = "data"
    let problem = recipe.command.problem(configuration, given: try recipe.overrides(), ranks: 1)
    #expect(problem == nil, "\(problem?.description ?? "")")
  }

  /// The figures of the published sources.
  @Test(arguments: [
    ("cifar10-resnet20-supcon", ["temperature=0.07", "learning-rate=0.1", "epochs=500", "batch-size=256"]),
    ("cifar100-resnet20-supcon", ["dataset=cifar100", "head-widths=64,64", "normalize-encoder=true"]),
    ("cifar10-resnet20-cross-entropy", ["learning-rate=0.05", "epochs=700", "batch-norm=global"]),
    ("cifar10-resnet50-supcon", ["temperature=0.1", "learning-rate=0.5", "batch-size=1024", "epochs=1000"]),
    ("cifar10-resnet50-simclr", ["loss=simclr", "temperature=0.5", "loss-scale=tau/0.07", "warmup-epochs=10"]),
    (
      "cifar10-resnet20-supcon-200e",
      ["weight-decay=0.0005", "nesterov=true", "temperature=0.1", "augmentation=crop-flip-jitter", "epochs=200"]
    ),
    (
      "cifar100-resnet20-joint-200e",
      ["dataset=cifar100", "cross-entropy-weight=1", "augmentation=autoaugment-cifar10"]
    ),
    (
      "imagenet-resnet50-supcon",
      ["optimizer=lars", "learning-rate=0.4", "batch-size=6144", "epochs=350", "batch-norm=global"]
    ),
  ])
  func `a recipe has the figures of its source`(name: String, figures: [String]) throws {
    let values = try configuration(name).configuration.values().map { option, text in "\(option.name)=\(text)" }
    for figure in figures {
      #expect(values.contains(figure), "\(figure)")
    }
  }

  @Test func `an option that a flag makes useless is named with the recipe or file that gives it`() throws {
    func error(_ own: ConfigurationOverrides, _ flags: String) -> RunError? {
      let overrides = own.overridden(by: given(flags))
      let command = TrainingCommand.pretrain
      return command.problem(overrides.applied(to: command.defaults), given: overrides, ranks: 1)
    }
    let name = "cifar10-resnet20-supcon-200e"
    let recipe = error(
      try NamedRecipe.named(name).overrides().given(by: "--recipe \(name)"), "--data d --optimizer adamw")
    #expect(recipe?.problem == "--nesterov (of --recipe \(name)): --optimizer adamw does not use it")
    #expect(recipe?.remedy.hasSuffix("; change a copy of it: supcon recipe \(name) > my.yaml") == true)
    let file = error(given("--schedule step --decay-epochs 5").given(by: "--config my.yaml"), "--schedule cosine")
    #expect(file?.problem == "--decay-epochs 5 (of --config my.yaml): --schedule cosine does not use it")
    #expect(file?.remedy == "leave it out, or choose step")
  }

  @Test func `an unknown name is refused with the nearest`() {
    let error = #expect(throws: RunError.self) { try NamedRecipe.named("cifar10-resnet20-supcn") }
    #expect(error?.exitCode == .usage && error?.remedy == "did you mean 'cifar10-resnet20-supcon'?")
    let other = #expect(throws: RunError.self) { try NamedRecipe.named("mnist") }
    #expect(other?.remedy.hasPrefix("expected one of") == true)
  }
}
