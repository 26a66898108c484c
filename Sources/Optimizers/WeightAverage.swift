/// An exponential moving average of the parameters (Polyak averaging), whose weights often generalize better than the last ones.
///
///     ā ← d_k · ā + (1 − d_k) · w,   d_k = min(decay, (1 + k) / (10 + k)) after k earlier updates
///
/// The ramp d_k (as in TensorFlow's `ExponentialMovingAverage` and timm's `ModelEmaV3`) forgets the first, untrained parameters. A pure function
/// of the parameters of all steps: the same bits on every rank, and nothing to communicate.
public struct WeightAverage: Sendable, Equatable {
  /// The factor of the previous average once the ramp is over, from 0 to below 1.
  public let decay: Double
  /// ā, in the layout of the parameters.
  public private(set) var parameters: [Float]
  /// k, the number of updates.
  public private(set) var updateCount: Int

  /// Creates an average of the first parameters, or one that a checkpoint kept.
  ///
  /// - Precondition: `decay` is in its range.
  public init(decay: Double, parameters: [Float], updateCount: Int = 0) {
    precondition(decay >= 0 && decay < 1, "decay \(decay)")
    self.decay = decay
    self.parameters = parameters
    self.updateCount = updateCount
  }

  /// Moves the average towards the parameters of a step.
  ///
  /// - Precondition: `parameters` has the layout of the average.
  public mutating func update(_ parameters: [Float]) {
    precondition(
      parameters.count == self.parameters.count,
      "\(parameters.count) parameters for an average of \(self.parameters.count)")
    let ramp = (1 + Double(updateCount)) / (10 + Double(updateCount))
    let share = Float(1 - min(decay, ramp))
    var averages = self.parameters.mutableSpan
    for index in parameters.indices {
      // The difference form: an average of equal parameters stays what it is.
      averages[index] += share * (parameters[index] - averages[index])
    }
    updateCount += 1
  }
}
