/// The purpose of a random draw; draws for different purposes are independent.
///
/// The number of a purpose is part of the key: with another number a resumed run would not draw what it drew before.
public enum RandomPurpose: UInt32, Sendable {
  /// The initial values of parameters.
  case initialization = 1
  /// The order of samples in an epoch.
  case sampleOrder = 2
  /// The augmentation of a view.
  case augmentation = 3
  /// The drawing of an image of the built-in dataset.
  case drawing = 4
  /// The order of samples in an epoch of the linear probe.
  case linearSampleOrder = 5
  /// The order of classes in the class-balanced batches of an epoch.
  case classOrder = 6
  /// The order of one class's samples in the batches of an epoch; `sample` is the class.
  case classSampleOrder = 7
  /// The choice of the training images that are held out for validation.
  case validationSplit = 8
  /// The orientation of a view in the first epoch, if views are mirrored in every second epoch.
  case flip = 9
  /// The mixture of a view with another sample's view (mixup, CutMix).
  case mixing = 10
  /// The labeled images of a few-shot evaluation; `epoch` is the number of the draw, `sample` the class.
  case fewShot = 16
  /// The initial centers of k-means; `epoch` is the number of the restart.
  case clustering = 17
  /// The corruption of an image; `epoch` is the severity, `view` the corruption.
  case corruption = 18
}

/// A stream of random numbers that depends only on its key.
///
/// Every random number of a run is a function of (seed, purpose, epoch, sample, view, index), so that it does not
/// depend on ranks, threads or the order of computation, and checkpoints need no generator state.
public struct RandomStream: Sendable {
  private let key: SIMD2<UInt32>
  private let epoch: UInt32
  private let sample: UInt32
  private let viewAndPurpose: UInt32
  private var blockIndex: UInt32 = 0
  private var words = SIMD4<UInt32>()
  private var used = 4

  /// Creates the stream for one view of a sample in one epoch; key parts that do not apply are left at 0.
  ///
  /// - Precondition: `epoch` and `sample` fit in 32 bits, `view` in 24.
  public init(seed: UInt64, _ purpose: RandomPurpose, epoch: Int = 0, sample: Int = 0, view: Int = 0) {
    precondition(view < 1 << 24, "view \(view) is beyond 24 bits")
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.epoch = UInt32(epoch)
    self.sample = UInt32(sample)
    viewAndPurpose = UInt32(view) << 8 | purpose.rawValue
  }

  /// Returns the next 32 random bits.
  public mutating func nextWord() -> UInt32 {
    if used == 4 {
      words = Philox.block(key: key, counter: SIMD4(blockIndex, epoch, sample, viewAndPurpose))
      blockIndex += 1
      used = 0
    }
    let word = words[used]
    used += 1
    return word
  }

  /// Draws a number uniformly from [0, 1), a multiple of 2⁻²⁴.
  public mutating func nextUniform() -> Float {
    Float(nextWord() >> 8) * 0x1p-24
  }

  /// Draws a number uniformly from the open interval (0, 1), with 32 random bits.
  public mutating func nextFraction() -> Double {
    (Double(nextWord()) + 0.5) * 0x1p-32
  }

  /// Draws a number uniformly from [range.lowerBound, range.upperBound].
  public mutating func nextUniform(in range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * nextUniform()
  }

  /// Draws an integer uniformly from 0 to `bound` − 1; the relative bias is below `bound` / 2³².
  public mutating func nextInteger(below bound: Int) -> Int {
    // The parentheses are needed: in Swift, >> binds more tightly than *.
    Int((UInt64(nextWord()) * UInt64(bound)) >> 32)
  }

  /// Returns true with the given probability.
  public mutating func nextEvent(probability: Float) -> Bool {
    nextUniform() < probability
  }
}
