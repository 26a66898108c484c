import Configuration
import Imaging

/// The lists printed by `--augmentation help` and `--recipe help`.
enum OptionLists {
  private static let subcommands =
    [
      PretrainCommand.self, SupervisedCommand.self, LinearCommand.self, BenchCommand.self, DoctorCommand.self,
      PlanCommand.self,
      DatasetPreviewCommand.self,
    ]
    as [any RankedCommand.Type]

  /// Returns the list that one of the arguments asks for, and ignores the others; `nil` if none does.
  static func text(for arguments: [String]) -> String? {
    // A subcommand of `dataset` is the second argument.
    let name = arguments.first == "dataset" ? arguments.dropFirst().first : arguments.first
    guard let subcommand = subcommands.first(where: { subcommand in subcommand.configuration.commandName == name })
    else { return nil }
    func isAsked(_ option: String) -> Bool {
      arguments.contains("\(option)=help")
        || zip(arguments, arguments.dropFirst()).contains { pair in pair == (option, "help") }
    }
    if subcommand is any ConfiguredCommand.Type, isAsked("--recipe") {
      return NamedRecipe.list()
    }
    return isAsked("--augmentation") ? Augmentation.help() : nil
  }
}
