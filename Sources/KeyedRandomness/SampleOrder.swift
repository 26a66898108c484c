/// The order of the samples in an epoch, a function of seed and epoch.
package enum SampleOrder {
  /// Returns a uniformly random permutation of `0 ..< count`.
  ///
  /// - Parameters:
  ///   - count: The number of samples.
  ///   - seed: The run's seed.
  ///   - epoch: The epoch, counted from 0.
  ///   - purpose: The use of the permutation; each has its own random stream.
  /// - Returns: Every number below `count` exactly once.
  package static func permutation(
    of count: Int, seed: UInt64, epoch: Int, purpose: RandomPurpose = .sampleOrder
  ) -> [Int32] {
    var stream = RandomStream(seed: seed, purpose, epoch: epoch)
    return Array(0..<Int32(count)).shuffled(with: &stream)
  }
}
