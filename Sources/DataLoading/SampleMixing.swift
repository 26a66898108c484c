import Glibc
import ImageCodecs
import KeyedRandomness

/// Mixup (Zhang and others 2018) and CutMix (Yun and others 2019): views that show two samples, with labels to match.
///
///     mixup    x̃_i = λ x_i + (1 − λ) x_j       λ ~ Beta(α, α)
///     CutMix   x̃_i = x_i, but x_j in a rectangle of (1 − λ) of the pixels, cut at the view's edges
///
/// The partner j of sample i is the one at the mirrored place of its shard, and each view draws its own λ, a function of
/// (seed, epoch, sample, view): the same mixtures on any number of ranks.
package struct SampleMixing: Sendable, Equatable {
  /// One view's mixture.
  package enum Mixture: Sendable, Equatable {
    /// The weighted mean, with the weight λ of the view itself.
    case blend(Float)
    /// The rows and columns that show the partner.
    case patch(rows: Range<Int>, columns: Range<Int>)
  }

  private let mixup: Double
  private let cutmix: Double
  private let seed: UInt64

  /// Mixtures with the parameters of both Beta distributions, 0 for none; with both, each view draws one of the two.
  ///
  /// - Precondition: One of them is above 0.
  package init(mixup: Double, cutmix: Double, seed: UInt64) {
    precondition(mixup > 0 || cutmix > 0, "no mixture")
    self.mixup = mixup
    self.cutmix = cutmix
    self.seed = seed
  }

  /// The place of the partner in a shard of `count` samples; the one in the middle of an odd number is its own.
  package static func partner(of position: Int, in count: Int) -> Int { count - 1 - position }

  /// The mixture of a sample's view.
  package func mixture(sample: Int, view: Int, epoch: Int, size: ImageSize) -> Mixture {
    var stream = RandomStream(seed: seed, .mixing, epoch: epoch, sample: sample, view: view)
    let isPatch = cutmix > 0 && (mixup == 0 || stream.nextEvent(probability: 0.5))
    let share = stream.nextBeta(isPatch ? cutmix : mixup)
    guard isPatch else { return .blend(Float(share)) }
    let side = (1 - share).squareRoot()
    func range(_ extent: Int) -> Range<Int> {
      let length = Int(Double(extent) * side)
      let center = stream.nextInteger(below: extent)
      return max(center - length / 2, 0)..<min(center - length / 2 + length, extent)
    }
    let rows = range(size.height)
    return .patch(rows: rows, columns: range(size.width))
  }

  /// The weight of a view's own label: λ, or the share of its pixels outside the rectangle.
  package func share(sample: Int, view: Int, epoch: Int, size: ImageSize) -> Double {
    switch mixture(sample: sample, view: view, epoch: epoch, size: size) {
    case .blend(let share): return Double(share)
    case .patch(let rows, let columns): return 1 - Double(rows.count * columns.count) / Double(size.pixelCount)
    }
  }

  /// Mixes the views of a shard, `[views, samples, 3 · height · width]`.
  func mix(
    _ batch: inout MutableSpan<Float>, samples: Span<Int32>, views: Int, epoch: Int, size: ImageSize,
    _ layout: ImageLayout
  ) {
    let elements = 3 * size.pixelCount
    for view in 0..<views {
      // Both views of a pair are replaced together, as each is made of both originals.
      for position in 0..<samples.count / 2 {
        let partner = Self.partner(of: position, in: samples.count)
        let starts = (
          first: (view * samples.count + position) * elements, second: (view * samples.count + partner) * elements
        )
        let mixtures = (
          first: mixture(sample: Int(samples[position]), view: view, epoch: epoch, size: size),
          second: mixture(sample: Int(samples[partner]), view: view, epoch: epoch, size: size)
        )
        for place in 0..<size.pixelCount {
          let own = mixtures.first.ownShare(ofPixel: place, width: size.width)
          let other = mixtures.second.ownShare(ofPixel: place, width: size.width)
          for channel in 0..<3 {
            let offset = channel * layout.channelStride + place * layout.pixelStride
            let (first, second) = (batch[starts.first + offset], batch[starts.second + offset])
            batch[starts.first + offset] = own * first + (1 - own) * second
            batch[starts.second + offset] = other * second + (1 - other) * first
          }
        }
      }
    }
  }
}

extension SampleMixing.Mixture {
  /// The weight of the view itself in a pixel, counted row by row.
  fileprivate func ownShare(ofPixel place: Int, width: Int) -> Float {
    switch self {
    case .blend(let share): return share
    case .patch(let rows, let columns):
      return rows.contains(place / width) && columns.contains(place % width) ? 0 : 1
    }
  }
}

extension RandomStream {
  /// A number from Beta(α, α), rounded to a multiple of 2⁻¹⁶, so that it does not depend on the last bits of the system's logarithm.
  mutating func nextBeta(_ alpha: Double) -> Double {
    let difference = nextLogGamma(alpha) - nextLogGamma(alpha)
    return (0x1p16 / (1 + exp(-difference))).rounded() * 0x1p-16
  }

  /// The logarithm of a number from Gamma(α, 1), by Marsaglia and Tsang's method (2000).
  private mutating func nextLogGamma(_ alpha: Double) -> Double {
    // Below 1 the method needs Gamma(α + 1) · U^(1/α).
    let boost = alpha < 1 ? log(nextPositive()) / alpha : 0
    let shape = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3
    let factor = 1 / (9 * shape).squareRoot()
    while true {
      let normal = (-2 * log(nextPositive())).squareRoot() * cos(2 * .pi * nextPositive())
      let root = 1 + factor * normal
      guard root > 0 else { continue }
      let cube = root * root * root
      if log(nextPositive()) < normal * normal / 2 + shape * (1 - cube + log(cube)) {
        return log(shape * cube) + boost
      }
    }
  }

  /// A number from (0, 1).
  private mutating func nextPositive() -> Double {
    (Double(nextWord()) + 0.5) * 0x1p-32
  }
}
