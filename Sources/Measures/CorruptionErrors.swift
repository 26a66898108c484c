/// The mean corruption error (mCE) and related measures of Hendrycks and Dietterich 2019.
///
/// ImageNet-C: CE_c = Σ_s E_{s,c} / Σ_s E^AlexNet_{s,c}, mCE its mean over the corruptions; relative mCE subtracts each
/// network's error on clean images in numerator and denominator. CIFAR-C has no AlexNet baseline: only the mean
/// error over corruptions and severities is computed for it.
package enum CorruptionErrors {
  /// AlexNet's mean error over the five severities of each corruption of ImageNet-C, as in appendix C of the paper, but
  /// with the six digits of google-research/augmix, `imagenet.py`.
  package static let alexNet: [String: Double] = [
    "gaussian_noise": 0.886428, "shot_noise": 0.894468, "impulse_noise": 0.922640, "defocus_blur": 0.819880,
    "glass_blur": 0.826268, "motion_blur": 0.785948, "zoom_blur": 0.798360, "snow": 0.866816, "frost": 0.826572,
    "fog": 0.819324, "brightness": 0.564592, "contrast": 0.853204, "elastic_transform": 0.646056,
    "pixelate": 0.717840, "jpeg_compression": 0.606500,
  ]
  /// AlexNet's error on the clean validation images: 43.5 % in tables 1 and 2 of the paper, whose AlexNet is
  /// torchvision's (top-1 56.522 %).
  package static let alexNetClean = 0.43478
  /// The number of severities of each corruption.
  package static let severityCount = 5

  /// The names of the 15 corruptions, sorted.
  package static var names: [String] { alexNet.keys.sorted() }

  /// Returns the mean error over corruptions and severities.
  package static func meanError(_ errors: [String: [Double]]) -> Double {
    let rows = errors.sorted { one, other in one.key < other.key }.map { row in
      row.value.reduce(0, +) / Double(row.value.count)
    }
    return rows.reduce(0, +) / Double(rows.count)
  }

  /// Returns mCE in percent, over the corruptions for which AlexNet's error is known.
  package static func mCE(_ errors: [String: [Double]]) -> Double {
    mean(errors) { own, alexNet in own / alexNet }
  }

  /// Returns the relative mCE in percent.
  ///
  /// - Parameters:
  ///   - errors: The error at each severity, by corruption.
  ///   - clean: The error on clean images.
  /// - Returns: The mean over the corruptions for which AlexNet's error is known.
  package static func relativeMCE(_ errors: [String: [Double]], clean: Double) -> Double {
    mean(errors) { own, alexNet in (own - clean) / (alexNet - alexNetClean) }
  }

  private static func mean(_ errors: [String: [Double]], _ ratio: (Double, Double) -> Double) -> Double {
    let ratios = names.compactMap { name -> Double? in
      guard let severities = errors[name], let alexNet = alexNet[name] else { return nil }
      return ratio(severities.reduce(0, +) / Double(severities.count), alexNet)
    }
    return 100 * ratios.reduce(0, +) / Double(max(ratios.count, 1))
  }
}
