import Losses
import OneDNN

/// The contrastive loss.
package struct LossOptions: Sendable, Equatable {
  /// The positives of an anchor.
  package enum Kind: String, CaseIterable, Sendable {
    /// The views of the same class.
    case supcon
    /// The views of the same sample.
    case simclr
    /// As ``supcon``; each positive is contrasted with negatives only (``LossMode/sincere``).
    case sincere
    /// As ``supcon``; no positive in the denominators (``LossMode/supervisedDecoupled``).
    case supervisedDecoupled = "supervised-dcl"
    /// As ``sincere`` with a margin (``LossMode/supInfoNCE(margin:)``).
    case epsilonSupInfoNCE = "epsilon-supinfonce"

    /// True if views of one class are positives.
    package var usesLabels: Bool { self != .simclr }

    /// True if the name decides summation and denominators.
    var decidesMode: Bool { self != .supcon && self != .simclr }
  }

  /// The factor g by which the mean over anchors is multiplied.
  package enum Scale: String, CaseIterable, Sendable {
    /// 1.
    case none
    /// τ.
    case tau
    /// τ over 0.07, the base temperature of the authors' PyTorch code.
    case tauOverBase = "tau/0.07"

    /// g for a temperature.
    package func factor(temperature: Double) -> Double {
      switch self {
      case .none: 1
      case .tau: temperature
      case .tauOverBase: temperature / 0.07
      }
    }
  }

  /// The positives of an anchor.
  package var kind = Kind.supcon
  /// Summation, anchors, denominators and the cap of positives, as given; ``resolvedMode`` has those of a named loss.
  package var mode = LossMode()
  /// ε of ``Kind/epsilonSupInfoNCE``, in units of similarity ÷ τ.
  package var margin: Double?
  /// The factor of the mean over anchors.
  package var scale = Scale.none
  /// τ.
  package var temperature = 0.1
  /// The type that embeddings have in the messages between ranks.
  package var gatherPrecision = Precision.float32
  /// λ of the contrastive loss; 0 for none, and then without a projection head.
  package var weight = 1.0

  /// The defaults.
  package init() {}

  /// The mode that is computed: that of a named loss, with the given anchors and cap.
  package var resolvedMode: LossMode {
    var named: LossMode
    switch kind {
    case .supcon, .simclr: return mode
    case .sincere: named = .sincere
    case .supervisedDecoupled: named = .supervisedDecoupled
    case .epsilonSupInfoNCE: named = .supInfoNCE(margin: margin ?? 0)
    }
    named.anchors = mode.anchors
    named.positivesCap = mode.positivesCap
    return named
  }

  /// The first contradiction with the number of views, or `nil`.
  package func problem(views: Int) -> RunError? {
    if kind == .simclr, views < 2 {
      return RunError(.usage, "--views \(views): --loss simclr needs at least 2 views of each sample")
    }
    if let problem = namedLossProblem {
      return problem
    }
    return modeProblem(views: views)
  }

  /// The contradiction between a named loss and the options that it decides or needs, or `nil`.
  package var namedLossProblem: RunError? {
    if kind == .epsilonSupInfoNCE, margin == nil {
      return RunError(
        .usage, "--loss epsilon-supinfonce: needs its --margin",
        remedy: "give one, such as --margin 0.25; --loss sincere is the loss without a margin")
    }
    if kind != .epsilonSupInfoNCE, let margin {
      return RunError(
        .usage, "--margin \(plain(margin)): --loss \(kind.rawValue) has none",
        remedy: "leave it out, or choose --loss epsilon-supinfonce")
    }
    guard kind.decidesMode else { return nil }
    let plain = LossMode()
    if mode.summation != plain.summation {
      return RunError(
        .usage, "--summation \(mode.summation.rawValue): --loss \(kind.rawValue) sums outside the logarithm",
        remedy: "leave one of the two out")
    }
    if mode.denominator != plain.denominator {
      return RunError(
        .usage, "--denominator \(mode.denominator.rawValue): --loss \(kind.rawValue) has denominators of its own",
        remedy: "leave one of the two out")
    }
    return nil
  }

  /// The first contradiction of the mode with the number of views, or `nil`.
  package func modeProblem(views: Int) -> RunError? {
    if views < 2, mode.anchors == .one {
      return RunError(
        .usage, "--contrast-mode one: with --views \(views) every row is a first view",
        remedy: "leave it out, or give at least 2 views")
    }
    guard let cap = mode.positivesCap else { return nil }
    if kind == .simclr {
      return RunError(
        .usage,
        "--positives-cap \(cap): SimCLR's positives are the views of the anchor's own sample, which no cap leaves out",
        remedy: "give one of the two")
    }
    if views > 0, !cap.isMultiple(of: views) {
      return RunError(
        .usage,
        "--positives-cap \(cap): expected a multiple of --views \(views), as all views of a sample are kept or none",
        remedy: "choose \(cap / views * views) or \((cap / views + 1) * views)")
    }
    if cap == 0, views < 2 {
      return RunError(
        .usage, "--positives-cap 0: with --views \(views) no row would have a positive",
        remedy: "give a larger cap or at least 2 views")
    }
    return nil
  }
}
