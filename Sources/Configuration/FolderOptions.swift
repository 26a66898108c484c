import Imaging

/// The options that only a folder of images has.
package enum FolderOptions {
  /// What is wrong with them, or `nil`.
  package static func problem(_ configuration: Configuration) -> String? {
    let isFolder = configuration.dataset == "folder"
    let given: [(name: String, isGiven: Bool)] = [
      ("mean", configuration.mean != nil),
      ("std", configuration.std != nil), ("bad-images", configuration.badImages != "stop"),
      ("decode", configuration.decode != "full"),
    ]
    if !isFolder, let option = given.first(where: \.isGiven) {
      return "--\(option.name): goes with --dataset folder, not with \(configuration.dataset)"
    }
    if !["stop", "skip"].contains(configuration.badImages) {
      return "--bad-images \(configuration.badImages): expected stop or skip"
    }
    if !["full", "scaled"].contains(configuration.decode) {
      return "--decode \(configuration.decode): expected full or scaled"
    }
    if let fraction = configuration.validationFraction, !(fraction > 0 && fraction < 1) {
      return "--validation-fraction \(fraction): expected a number above 0 and below 1"
    }
    if (configuration.mean == nil) != (configuration.std == nil) {
      return "--mean, --std: expected both or neither"
    }
    if let mean = configuration.mean, numbers(mean, in: 0...1) == nil {
      return "--mean \(mean): expected three numbers from 0 to 1, such as 0.485,0.456,0.406"
    }
    if let deviation = configuration.std, numbers(deviation, in: Float.leastNormalMagnitude...1) == nil {
      return "--std \(deviation): expected three numbers above 0 and up to 1, such as 0.229,0.224,0.225"
    }
    return nil
  }

  /// The mean and deviation that a recipe gives.
  package static func normalization(_ configuration: Configuration) -> ChannelNormalization? {
    guard let mean = configuration.mean.flatMap({ text in numbers(text, in: 0...1) }),
      let deviation = configuration.std.flatMap({ text in numbers(text, in: 0...1) })
    else { return nil }
    return ChannelNormalization(mean: mean, standardDeviation: deviation)
  }

  /// Three numbers as an option has them; reading gives the same numbers again.
  package static func text(_ numbers: [Float]) -> String {
    numbers.map { number in "\(number)" }.joined(separator: ",")
  }

  private static func numbers(_ text: String, in range: ClosedRange<Float>) -> [Float]? {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { part in Float(part) }
    let allowed = numbers.compactMap { number in number.flatMap { number in range.contains(number) ? number : nil } }
    return numbers.count == 3 && allowed.count == 3 ? allowed : nil
  }
}
