/// The per-channel mean and standard deviation that standardize a network's input.
public struct ChannelNormalization: Sendable, Equatable {
  /// The mean of red, green and blue, on a scale from 0 to 1.
  public let mean: [Float]

  /// The standard deviation of red, green and blue, on a scale from 0 to 1.
  public let standardDeviation: [Float]

  /// Creates a normalization from three means and three standard deviations.
  public init(mean: [Float], standardDeviation: [Float]) {
    precondition(mean.count == 3 && standardDeviation.count == 3, "three channels have three means and deviations")
    self.mean = mean
    self.standardDeviation = standardDeviation
  }
}
