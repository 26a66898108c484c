import Imaging

/// The options that only a folder of pictures has.
enum FolderOptions {
  /// What is wrong with them, or `nil`.
  static func problem(_ recipe: Recipe) -> String? {
    let isFolder = recipe.dataset == "folder"
    let given: [(name: String, isGiven: Bool)] = [
      ("validation-fraction", recipe.validationFraction != nil), ("mean", recipe.mean != nil),
      ("std", recipe.std != nil), ("bad-images", recipe.badImages != "stop"), ("decode", recipe.decode != "full"),
    ]
    if !isFolder, let option = given.first(where: \.isGiven) {
      return "--\(option.name): goes with --dataset folder, not with \(recipe.dataset)"
    }
    if !["stop", "skip"].contains(recipe.badImages) {
      return "--bad-images \(recipe.badImages): expected stop or skip"
    }
    if !["full", "scaled"].contains(recipe.decode) {
      return "--decode \(recipe.decode): expected full or scaled"
    }
    if let fraction = recipe.validationFraction, !(fraction > 0 && fraction < 1) {
      return "--validation-fraction \(fraction): expected a number above 0 and below 1"
    }
    if (recipe.mean == nil) != (recipe.std == nil) {
      return "--mean, --std: expected both or neither"
    }
    if let mean = recipe.mean, numbers(mean, in: 0...1) == nil {
      return "--mean \(mean): expected three numbers from 0 to 1, such as 0.485,0.456,0.406"
    }
    if let deviation = recipe.std, numbers(deviation, in: Float.leastNormalMagnitude...1) == nil {
      return "--std \(deviation): expected three numbers above 0 and up to 1, such as 0.229,0.224,0.225"
    }
    return nil
  }

  /// The mean and deviation that a recipe gives.
  static func normalization(_ recipe: Recipe) -> ChannelNormalization? {
    guard let mean = recipe.mean.flatMap({ text in numbers(text, in: 0...1) }),
      let deviation = recipe.std.flatMap({ text in numbers(text, in: 0...1) })
    else { return nil }
    return ChannelNormalization(mean: mean, standardDeviation: deviation)
  }

  /// Three numbers as an option has them; reading gives the same numbers again.
  static func text(_ numbers: [Float]) -> String {
    numbers.map { number in "\(number)" }.joined(separator: ",")
  }

  private static func numbers(_ text: String, in range: ClosedRange<Float>) -> [Float]? {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { part in Float(part) }
    let allowed = numbers.compactMap { number in number.flatMap { number in range.contains(number) ? number : nil } }
    return numbers.count == 3 && allowed.count == 3 ? allowed : nil
  }
}
