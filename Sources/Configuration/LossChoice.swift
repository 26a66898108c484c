import Losses

/// The options that say which contrastive loss it is, as words.
package struct LossChoice {
  /// Whether positives are views of the same sample, as without labels.
  var isSimCLR: Bool
  var summation: String
  var contrastMode: String
  var denominator: String
  /// `none` or a number.
  var positivesCap: String
  var views: Int

  /// The words of the options.
  package init(
    isSimCLR: Bool, summation: String, contrastMode: String, denominator: String, positivesCap: String, views: Int
  ) {
    self.isSimCLR = isSimCLR
    self.summation = summation
    self.contrastMode = contrastMode
    self.denominator = denominator
    self.positivesCap = positivesCap
    self.views = views
  }

  /// The mode that these words mean; `nil` if there is a ``problem``.
  package var mode: LossMode? {
    problem == nil ? namedMode : nil
  }

  /// What is wrong with a word, or which of them clash.
  package var problem: String? {
    func choice(_ option: String, _ value: String, _ choices: [String]) -> String? {
      choices.contains(value) ? nil : "--\(option) \(value): expected one of \(choices.joined(separator: ", "))"
    }
    let words = [
      choice("summation", summation, LossMode.Summation.allCases.map(\.rawValue)),
      choice("contrast-mode", contrastMode, LossMode.Anchors.allCases.map(\.rawValue)),
      choice("denominator", denominator, LossMode.Denominator.allCases.map(\.rawValue)),
      positivesCap == "none" || Int(positivesCap).map((0...Configuration.largest).contains) ?? false
        ? nil : "--positives-cap \(positivesCap): expected none, or a number from 0 to \(Configuration.largest)",
    ]
    return words.compactMap { problem in problem }.first ?? clash
  }

  /// Which options make no sense together.
  private var clash: String? {
    if views < 2, contrastMode == "one" {
      return
        "--contrast-mode one: with --views \(views) every row is a first view; leave it out, or give at least 2 views"
    }
    guard let cap = Int(positivesCap) else { return nil }
    if isSimCLR {
      return
        "--positives-cap \(cap): SimCLR's positives are the views of the anchor's own sample, which no cap leaves out; give one of the two"
    }
    if views > 0, !cap.isMultiple(of: views) {
      return
        "--positives-cap \(cap): expected a multiple of --views \(views), as all views of a sample are kept or none; choose \(cap / views * views) or \((cap / views + 1) * views)"
    }
    if cap == 0, views < 2 {
      return
        "--positives-cap 0: with --views \(views) no row would have a positive; give a larger cap or at least 2 views"
    }
    return nil
  }

  private var namedMode: LossMode? {
    guard let summation = LossMode.Summation(rawValue: summation),
      let anchors = LossMode.Anchors(rawValue: contrastMode),
      let denominator = LossMode.Denominator(rawValue: denominator)
    else { return nil }
    var mode = LossMode()
    mode.summation = summation
    mode.anchors = anchors
    mode.denominator = denominator
    mode.positivesCap = Int(positivesCap)
    return mode
  }
}

/// What the mean over anchors is multiplied with, by name.
package enum LossScale {
  /// The names: 1, τ, and τ over the 0.07 of the authors' PyTorch code.
  package static let names = ["none", "tau", "tau/0.07"]

  /// g for a name that is one of ``names``.
  package static func factor(named name: String, temperature: Double) -> Double {
    switch name {
    case "tau": temperature
    case "tau/0.07": temperature / 0.07
    default: 1
    }
  }
}
