/// The purpose of a random draw; draws for different purposes are independent.
public enum RandomPurpose: UInt32, Sendable {
  /// The initial values of parameters.
  case initialization = 1
  /// The order of samples in an epoch.
  case sampleOrder = 2
  /// The augmentation of a view.
  case augmentation = 3
  /// The drawing of an image of the built-in set.
  case drawing = 4
  /// The order of samples in an epoch of the linear classifier.
  case linearSampleOrder = 5
  /// The order of classes over the class-balanced batches of an epoch.
  case classOrder = 6
  /// The order of one class's samples over the batches of an epoch; `sample` is the class.
  case classSampleOrder = 7
  /// The choice of a folder's images for validation.
  case validationSplit = 8
  /// The first orientation of a view that is mirrored in every second epoch.
  case flip = 9
  /// The share of a view in a mixture with that of another sample.
  case mixing = 10
  /// The images of a few-shot draw; `epoch` is the draw, `sample` the class.
  case fewShot = 16
  /// The first centers of k-means; `epoch` is the restart.
  case clustering = 17
  /// The corruption of an image; `epoch` is the severity, `view` the corruption.
  case corruption = 18
}

/// A stream of random draws that depends only on its key.
///
/// Every draw of a run is a function of (seed, purpose, epoch, sample, view, draw), so none depends on rank, thread or order, and a
/// checkpoint has no generator state.
public struct RandomStream: Sendable {
  private let key: SIMD2<UInt32>
  private let epoch: UInt32
  private let sample: UInt32
  private let viewAndPurpose: UInt32
  private var blockIndex: UInt32 = 0
  private var words = SIMD4<UInt32>()
  private var used = 4

  /// The stream for one sample's view in one epoch; leave out what does not apply.
  ///
  /// - Precondition: `epoch` and `sample` fit in 32 bits, `view` in 24.
  public init(seed: UInt64, _ purpose: RandomPurpose, epoch: Int = 0, sample: Int = 0, view: Int = 0) {
    precondition(view < 1 << 24, "view \(view) is beyond 24 bits")
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.epoch = UInt32(epoch)
    self.sample = UInt32(sample)
    viewAndPurpose = UInt32(view) << 8 | purpose.rawValue
  }

  /// The next 32 random bits.
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

  /// A number from [0, 1), a multiple of 2⁻²⁴.
  public mutating func nextUniform() -> Float {
    Float(nextWord() >> 8) * 0x1p-24
  }

  /// A number from [range.lowerBound, range.upperBound].
  public mutating func nextUniform(in range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * nextUniform()
  }

  /// An integer from 0 to `bound` − 1; the bias is below `bound` / 2³².
  public mutating func nextInteger(below bound: Int) -> Int {
    // The parentheses count: in Swift, >> binds more tightly than *.
    Int((UInt64(nextWord()) * UInt64(bound)) >> 32)
  }

  /// Draws an event of this probability.
  public mutating func nextEvent(probability: Float) -> Bool {
    nextUniform() < probability
  }
}
