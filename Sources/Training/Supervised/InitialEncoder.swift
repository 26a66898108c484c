import Formats
import FoundationEssentials
import NeuralNet

/// The encoder that a new run begins with instead of random values: that of another run, or of a file.
///
/// Used by rank 0 alone.
struct InitialEncoder {
  private let parameters: [String: [Float]]
  private let statistics: [String: [Float]]

  /// Reads the encoder that a recipe names; `nil` if it names none.
  ///
  /// - Parameters:
  ///   - recipe: What is to be trained.
  ///   - report: Receives a line for each damaged checkpoint of the run that is named.
  /// - Throws: ``RunError`` or `FileError` naming the path and what does not fit.
  init?(of recipe: Recipe, report: (String) -> Void) throws {
    guard let path = recipe.`init` else { return nil }
    let layouts = try RunOpening.layouts(recipe)
    let file =
      try Self.directory(path).map { directory in try Self.newestCheckpoint(of: directory, report) }
      ?? SafetensorsFile(path: path)
    func values(_ layout: VectorLayout) throws -> [String: [Float]] {
      try Dictionary(
        uniqueKeysWithValues: layout.slices.filter(\.isOfEncoder).map { slice in
          (slice.name, try file.floats(slice.name, shape: slice.shape))
        })
    }
    do {
      parameters = try values(layouts.parameters)
      statistics = try values(layouts.statistics)
      // A shallower encoder would find all that it asks for.
      let further = file.entries.keys.filter { name in
        name.hasPrefix(TrainingState.encoderPrefix) && parameters[name] == nil && statistics[name] == nil
      }
      if let name = further.min() {
        throw FileError(.content, "\(file.path): holds \(name) too")
      }
    } catch let error as FileError where error.kind == .content {
      throw RunError(
        .data,
        "\(error): it is not the encoder of --model \(recipe.model)\(recipe.encoderOptions); give the options that it was trained with"
      )
    }
  }

  /// Puts the encoder in the place of a state's own.
  func replace(_ state: inout TrainingState) {
    for slice in state.parameterLayout.slices {
      parameters[slice.name].map { values in state.parameters.replaceSubrange(slice.range, with: values) }
    }
    for slice in state.statisticsLayout.slices {
      statistics[slice.name].map { values in state.statistics.replaceSubrange(slice.range, with: values) }
    }
  }

  /// The recipe of the run that a recipe's encoder comes from; `nil` if it comes from none.
  ///
  /// - Throws: ``RunError`` if the path is missing or a folder without a run.
  static func recipe(of recipe: Recipe) throws -> Recipe? {
    try recipe.`init`.flatMap { path in try directory(path)?.recipe() }
  }

  /// The run directory at a path; `nil` if a file stands there.
  private static func directory(_ path: String) throws(RunError) -> RunDirectory? {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw RunError(.missing, "\(path): does not exist; give a run directory or an encoder.safetensors")
    }
    guard isFolder else { return nil }
    let directory = RunDirectory(path: path)
    guard directory.holdsRun else {
      throw RunError(
        .missing,
        "\(path): holds no run (there is no config.yaml); give the --output of supcon pretrain or supervised, or an encoder.safetensors"
      )
    }
    return directory
  }

  /// The newest whole checkpoint of a run.
  private static func newestCheckpoint(
    of directory: RunDirectory, _ report: (String) -> Void
  ) throws -> SafetensorsFile {
    let file = try directory.checkpoints.newest { damage in
      report("warning: \(damage); using the checkpoint before it")
    } _: { path in
      try SafetensorsFile(path: path)
    }
    guard let file else {
      throw RunError(.missing, "\(directory.path): holds no checkpoint yet; continue it with --resume")
    }
    return file
  }
}

extension VectorSlice {
  fileprivate var isOfEncoder: Bool { name.hasPrefix(TrainingState.encoderPrefix) }
}

extension Recipe {
  /// This recipe with the encoder of another.
  func with(encoderOf other: Recipe) -> Recipe {
    var recipe = self
    recipe.model = other.model
    recipe.stem = other.stem
    recipe.shortcut = other.shortcut
    recipe.widthMultiplier = other.widthMultiplier
    recipe.normalizeEncoder = other.normalizeEncoder
    return recipe
  }

  /// This recipe with the dataset of another.
  func with(datasetOf other: Recipe) -> Recipe {
    var recipe = self
    recipe.dataset = other.dataset
    recipe.data = other.data
    recipe.validationFraction = other.validationFraction
    recipe.badImages = other.badImages
    recipe.decode = other.decode
    recipe.mean = other.mean
    recipe.std = other.std
    recipe.shapesTrain = other.shapesTrain
    recipe.shapesTest = other.shapesTest
    recipe.imageSize = other.imageSize
    return recipe
  }

  /// The options that decide the encoder's shapes beside the model, as they are given.
  fileprivate var encoderOptions: String {
    " --stem \(stem)" + (shortcut.map { kind in " --shortcut \(kind)" } ?? "")
      + (widthMultiplier == 1 ? "" : " --width-multiplier \(widthMultiplier)")
  }
}
