/// The commands that train an encoder; they share all but the losses that they begin with.
public enum TrainingCommand: String, Sendable {
  /// The contrastive loss, alone or with a cross-entropy beside it.
  case pretrain
  /// The cross-entropy alone.
  case supervised

  /// The defaults of the command.
  public var defaults: Recipe {
    var recipe = Recipe()
    if self == .supervised {
      recipe.contrastiveWeight = 0
      recipe.crossEntropyWeight = 1
      recipe.views = 1
    }
    return recipe
  }

  /// What is wrong with a recipe as one of this command, or `nil`.
  func problem(_ recipe: Recipe, ranks: Int) -> String? {
    if let problem = recipe.problem(ranks: ranks) {
      return problem
    }
    guard recipe.command != self else { return nil }
    return self == .pretrain
      ? "--contrastive-weight 0: supcon pretrain has a contrastive loss; give it a weight above 0, or choose supcon supervised"
      : "--contrastive-weight \(recipe.contrastiveWeight): supcon supervised has the cross-entropy alone; leave it out, or choose supcon pretrain --cross-entropy-weight \(recipe.crossEntropyWeight)"
  }
}
