import FlatVectors

/// An exponential moving average of the parameters (Polyak averaging), whose weights often generalize better than the
/// last ones.
///
///     ā ← d_k · ā + (1 − d_k) · w,   d_k = min(decay, (1 + k) / (10 + k)) after k earlier updates
///
/// The ramp d_k (as in TensorFlow's `ExponentialMovingAverage`; that of timm's `ModelEmaV3` is another) quickly forgets
/// the untrained parameters. The average is a pure function of the parameters of all steps: it has the same bits on
/// every rank without communication.
public struct ExponentialAverage: Sendable, Equatable {
  /// The factor of the previous average after the ramp, at least 0 and below 1.
  public let decay: Double
  /// The average ā, with the layout of the parameters.
  public let parameters: FlatVector
  /// The number k of updates.
  public private(set) var updateCount: Int

  /// Creates an average from a vector of its own that holds the initial parameters, or an average that was read from a
  /// checkpoint.
  ///
  /// - Precondition: `decay` is at least 0 and below 1.
  public init(decay: Double, parameters: FlatVector, updateCount: Int = 0) {
    precondition(decay >= 0 && decay < 1, "decay \(decay)")
    self.decay = decay
    self.parameters = parameters
    self.updateCount = updateCount
  }

  /// Updates a range of the average with the parameters after a step.
  ///
  /// Every call counts as one update in the ramp, whatever its range: call it once a step.
  ///
  /// - Precondition: `parameters` has the layout of the average.
  public mutating func update(_ parameters: FlatVector, in range: Range<Int>) {
    precondition(
      parameters.count == self.parameters.count,
      "\(parameters.count) parameters for an average of \(self.parameters.count)")
    let ramp = (1 + Double(updateCount)) / (10 + Double(updateCount))
    let share = Float(1 - min(decay, ramp))
    parameters.withSpan { parameters in
      let parameters = parameters.extracting(range)
      self.parameters.withMutableSpan(range) { averages in
        for index in 0..<range.count {
          // Written with the difference, so that an average of constant parameters does not change.
          averages[index] += share * (parameters[index] - averages[index])
        }
      }
    }
    updateCount += 1
  }
}
