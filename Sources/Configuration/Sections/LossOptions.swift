import Losses
import OneDNN

/// The options of the contrastive loss.
package struct LossOptions: Sendable, Equatable {
  /// The named losses; they differ in the positives of an anchor and in the terms of the denominator.
  package enum Kind: String, CaseIterable, Sendable {
    /// The standard Supervised Contrastive loss: all views of the same class are positives.
    case supcon
    /// SimCLR's loss: only views of the same sample are positives.
    case simclr
    /// The SINCERE loss: positives as in ``supcon``, each contrasted with negatives only (``LossVariant/sincere``).
    case sincere
    /// The decoupled loss: positives as in ``supcon``, but none in denominators (``LossVariant/supervisedDecoupled``).
    case supervisedDecoupled = "supervised-dcl"
    /// The ε-SupInfoNCE loss: ``sincere`` with a margin (``LossVariant/supInfoNCE(margin:)``).
    case epsilonSupInfoNCE = "epsilon-supinfonce"

    /// True if all views of one class are positives, so that labels are needed.
    package var usesLabels: Bool { self != .simclr }

    /// True if this loss has its own summation and denominators, which options cannot change.
    var decidesMode: Bool { self != .supcon && self != .simclr }
  }

  /// The constant factor g by which the mean loss over anchors is multiplied.
  package enum Scale: String, CaseIterable, Sendable {
    /// The factor g = 1.
    case none
    /// The factor g = τ, the temperature.
    case tau
    /// The factor g = τ/0.07, where 0.07 is the base temperature of the SupCon authors' PyTorch code.
    case tauOverBase = "tau/0.07"

    /// Returns the factor g for a temperature τ.
    package func factor(temperature: Double) -> Double {
      switch self {
      case .none: 1
      case .tau: temperature
      case .tauOverBase: temperature / 0.07
      }
    }
  }

  /// The contrastive loss to train with.
  package var kind = Kind.supcon
  /// The given summation, anchors, denominators and maximum number of positives; named losses override some
  /// (``resolvedVariant``).
  package var variant = LossVariant()
  /// The margin ε of ``Kind/epsilonSupInfoNCE``, in units of similarity ÷ τ.
  package var margin: Double?
  /// The constant factor of the mean loss over anchors.
  package var scale = Scale.none
  /// The temperature τ, by which cosine similarities are divided.
  package var temperature = 0.1
  /// The data type of embeddings in messages between ranks.
  package var gatherPrecision = Precision.float32
  /// The weight of the contrastive loss in the total loss; 0 for no contrastive loss and no projection head.
  package var weight = 1.0

  /// Creates the default options.
  package init() {}

  /// The loss variant that is computed: ``variant``, but with the summation and denominators that a named loss
  /// prescribes.
  package var resolvedVariant: LossVariant {
    var named: LossVariant
    switch kind {
    case .supcon, .simclr: return variant
    case .sincere: named = .sincere
    case .supervisedDecoupled: named = .supervisedDecoupled
    case .epsilonSupInfoNCE: named = .supInfoNCE(margin: margin ?? 0)
    }
    named.anchors = variant.anchors
    named.positivesCap = variant.positivesCap
    named.hasPrototypes = variant.hasPrototypes
    return named
  }

  /// Returns the error for the first contradiction with the number of views; `nil` if there is none.
  package func problem(views: Int) -> RunError? {
    if kind == .simclr, views < 2 {
      return RunError(.usage, "--views \(views): --loss simclr needs at least 2 views of each sample")
    }
    if kind == .simclr, variant.hasPrototypes {
      return RunError(
        .usage, "--prototypes: --loss simclr has no classes, whose prototypes they would be",
        remedy: "leave it out, or choose --loss supcon")
    }
    if let problem = namedLossProblem {
      return problem
    }
    return variantProblem(views: views)
  }

  /// The error for options that contradict a named loss, or that it lacks; `nil` if there is none.
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
    let plain = LossVariant()
    if variant.summation != plain.summation {
      return RunError(
        .usage, "--summation \(variant.summation.rawValue): --loss \(kind.rawValue) sums outside the logarithm",
        remedy: "leave one of the two out")
    }
    return nil
  }

  /// Returns the error for the first contradiction of ``variant`` with the number of views; `nil` if there is none.
  package func variantProblem(views: Int) -> RunError? {
    if views < 2, variant.anchors == .one {
      return RunError(
        .usage, "--contrast-mode one: with --views \(views) every row is a first view",
        remedy: "leave it out, or give at least 2 views")
    }
    guard let cap = variant.positivesCap else { return nil }
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
    if cap == 0, views < 2, !variant.hasPrototypes {
      return RunError(
        .usage, "--positives-cap 0: with --views \(views) no row would have a positive",
        remedy: "give a larger cap or at least 2 views")
    }
    return nil
  }
}
