/// The per-channel mean and standard deviation that standardize a network's input.
public struct ChannelNormalization: Sendable, Equatable {
  /// The mean of red, green and blue, 0…1.
  public let mean: [Float]

  /// The standard deviation of red, green and blue.
  public let standardDeviation: [Float]

  /// A normalization of three channels.
  public init(mean: [Float], standardDeviation: [Float]) {
    precondition(mean.count == 3 && standardDeviation.count == 3, "three channels have three means and deviations")
    self.mean = mean
    self.standardDeviation = standardDeviation
  }
}
