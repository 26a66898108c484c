import Datasets

/// The check that `--validation-fraction` holds out at least one image.
package enum HeldOutFraction {
  /// Returns the error if a fraction of each class, rounded to whole images, is 0 images for all classes; `nil`
  /// otherwise.
  ///
  /// - Parameters:
  ///   - fraction: The fraction of each class that is to be held out.
  ///   - counts: The number of images of each class before the division.
  /// - Returns: The error, which names a fraction that holds out an image of the largest class, or `nil`.
  package static func problem(_ fraction: Double, ofClasses counts: [Int]) -> RunError? {
    let counts = counts.filter { count in count > 0 }
    guard let least = counts.min(), let most = counts.max(),
      counts.allSatisfy({ count in HeldOutSplit.heldOutCount(of: count, fraction: fraction) < 1 })
    else { return nil }
    let found = least == most ? counted(most, "image") : "\(least) to \(most) images"
    return RunError(
      .usage, "--validation-fraction \(plain(fraction)): holds out none of \(found) a class",
      remedy: most == 1
        ? "give more images, or leave the option out" : "give at least \(plain(rounded(up: 1 / Double(most))))")
  }

  /// Rounds a number from 0 to 1 up to two significant digits.
  private static func rounded(up value: Double) -> Double {
    var scale = 100.0
    while value * scale < 10 {
      scale *= 10
    }
    // A product such as 0.05 * 100 may be just above the whole number.
    return (value * scale - 1e-9).rounded(.up) / scale
  }
}
