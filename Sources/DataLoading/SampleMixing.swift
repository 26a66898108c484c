import Glibc
import ImageCodecs
import KeyedRandomness

/// Mixup (Zhang and others 2018) and CutMix (Yun and others 2019): views that show two samples, with correspondingly
/// mixed labels.
///
///     mixup    x̃_i = λ x_i + (1 − λ) x_j       λ ~ Beta(α, α)
///     CutMix   x̃_i = x_i, but x_j in a rectangle that covers 1 − λ of the pixels, clipped at the view's edges
///
/// A sample at position i of a shard (a fixed part of the global batch, here of n samples) is mixed with the one at
/// position n − 1 − i. Each view draws its own λ, a function of (seed, epoch, sample, view), so that the mixtures are
/// the same on any number of ranks.
package struct SampleMixing: Sendable, Equatable {
  /// The mixture of one view with its partner, the same view of another sample.
  package enum Mixture: Sendable, Equatable {
    /// The weighted mean of a view and its partner (mixup); the associated value is the weight λ of the view itself.
    case blend(Float)
    /// A rectangle, in pixels, in which the partner's view replaces the view (CutMix).
    case patch(rows: Range<Int>, columns: Range<Int>)
  }

  private let mixup: Double
  private let cutmix: Double
  private let seed: UInt64

  /// Creates the mixing from the parameters α of the Beta distributions; a method with α = 0 is off.
  ///
  /// If both are on, each view uses one of the two, chosen at random with equal probability.
  ///
  /// - Precondition: At least one of the two parameters is above 0.
  package init(mixup: Double, cutmix: Double, seed: UInt64) {
    precondition(mixup > 0 || cutmix > 0, "no mixture")
    self.mixup = mixup
    self.cutmix = cutmix
    self.seed = seed
  }

  /// Returns the position of a sample's partner in a shard of `count` samples; the middle one of an odd number is its
  /// own partner.
  package static func partner(of position: Int, in count: Int) -> Int { count - 1 - position }

  /// Draws the mixture of one view of a sample with its partner.
  package func mixture(sample: Int, view: Int, epoch: Int, size: ImageSize) -> Mixture {
    var stream = RandomStream(seed: seed, .mixing, epoch: epoch, sample: sample, view: view)
    let isPatch = cutmix > 0 && (mixup == 0 || stream.nextEvent(probability: 0.5))
    let lambda = stream.nextBeta(isPatch ? cutmix : mixup)
    guard isPatch else { return .blend(Float(lambda)) }
    let side = (1 - lambda).squareRoot()
    func range(_ extent: Int) -> Range<Int> {
      let length = Int(Double(extent) * side)
      let center = stream.nextInteger(below: extent)
      return max(center - length / 2, 0)..<min(center - length / 2 + length, extent)
    }
    let rows = range(size.height)
    return .patch(rows: rows, columns: range(size.width))
  }

  /// Returns the weight of a view's own label: λ of mixup, or the fraction of pixels outside the rectangle of CutMix.
  package func mixingWeight(sample: Int, view: Int, epoch: Int, size: ImageSize) -> Double {
    switch mixture(sample: sample, view: view, epoch: epoch, size: size) {
    case .blend(let lambda): return Double(lambda)
    case .patch(let rows, let columns): return 1 - Double(rows.count * columns.count) / Double(size.pixelCount)
    }
  }

  /// Mixes the views of one shard, `[views, samples, 3 · height · width]`, in place.
  func mix(
    _ batch: inout MutableSpan<Float>, samples: Span<Int32>, views: Int, epoch: Int, size: ImageSize,
    _ layout: ImageLayout
  ) {
    let elements = 3 * size.pixelCount
    for view in 0..<views {
      // The views of both partners are replaced together, because each mixture needs both originals.
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
          let own = mixtures.first.ownWeight(ofPixel: place, width: size.width)
          let other = mixtures.second.ownWeight(ofPixel: place, width: size.width)
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
  /// Returns the weight of the view itself at a pixel; pixels are numbered row by row.
  fileprivate func ownWeight(ofPixel place: Int, width: Int) -> Float {
    switch self {
    case .blend(let lambda): return lambda
    case .patch(let rows, let columns):
      return rows.contains(place / width) && columns.contains(place % width) ? 0 : 1
    }
  }
}

extension RandomStream {
  /// Draws a number from Beta(α, α), rounded to a multiple of 2⁻¹⁶ to hide differences between C libraries' logarithms.
  mutating func nextBeta(_ alpha: Double) -> Double {
    let difference = nextLogGamma(alpha) - nextLogGamma(alpha)
    return (0x1p16 / (1 + exp(-difference))).rounded() * 0x1p-16
  }

  /// Draws the logarithm of a number from Gamma(α, 1) by the method of Marsaglia and Tsang (2000).
  private mutating func nextLogGamma(_ alpha: Double) -> Double {
    // For α < 1, Gamma(α) is drawn as Gamma(α + 1) · U^(1/α).
    let boost = alpha < 1 ? log(nextFraction()) / alpha : 0
    let shape = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3
    let factor = 1 / (9 * shape).squareRoot()
    while true {
      let normal = (-2 * log(nextFraction())).squareRoot() * cos(2 * .pi * nextFraction())
      let root = 1 + factor * normal
      guard root > 0 else { continue }
      let cube = root * root * root
      if log(nextFraction()) < normal * normal / 2 + shape * (1 - cube + log(cube)) {
        return log(shape * cube) + boost
      }
    }
  }
}
