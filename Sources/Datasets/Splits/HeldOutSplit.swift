import Formats
import ImageCodecs
import Imaging
import KeyedRandomness

/// A class-balanced division of a training set into a part for training and a part for validation.
///
/// The division is a function of the fraction and of the class sizes only: it is the same on every rank and for every
/// seed, so that all runs are compared on the same samples.
package struct HeldOutSplit: Sendable, Equatable {
  /// The sample indices of the training part, ascending.
  package let training: [Int32]
  /// The sample indices of the validation part, ascending.
  package let validation: [Int32]

  /// Divides the samples of a dataset.
  ///
  /// - Parameters:
  ///   - dataset: The whole training set.
  ///   - fraction: The fraction of each class that is held out, above 0 and below 1, rounded to whole samples; at least
  ///     one sample of each class stays in the training part.
  package init(of dataset: any ImageDataset, fraction: Double) {
    var samples = [[Int32]](repeating: [], count: dataset.classNames.count)
    for sample in 0..<dataset.count {
      samples[dataset.label(at: sample)].append(Int32(sample))
    }
    var isHeldOut = [Bool](repeating: false, count: dataset.count)
    for (label, samples) in samples.enumerated() {
      for position in Self.positions(ofClass: label, count: samples.count, fraction: fraction) {
        isHeldOut[Int(samples[position])] = true
      }
    }
    let all = 0..<Int32(dataset.count)
    training = all.filter { sample in !isHeldOut[Int(sample)] }
    validation = all.filter { sample in isHeldOut[Int(sample)] }
  }

  /// Returns the number of held-out samples of a class with `count` samples; zero or negative for none.
  package static func heldOutCount(of count: Int, fraction: Double) -> Int {
    min(Int((fraction * Double(count)).rounded()), count - 1)
  }

  /// Returns the positions of the held-out samples among the `count` samples of a class.
  package static func positions(ofClass label: Int, count: Int, fraction: Double) -> [Int] {
    precondition(fraction > 0 && fraction < 1, "a fraction of \(fraction)")
    let heldOut = heldOutCount(of: count, fraction: fraction)
    guard heldOut > 0 else { return [] }
    let order = SampleOrder.permutation(of: count, seed: 0, epoch: label, purpose: .validationSplit)
    return order.prefix(heldOut).map { position in Int(position) }
  }
}

/// A subset of a dataset's samples, as a dataset.
package struct DatasetSubset: ImageDataset {
  private let whole: any ImageDataset
  private let samples: [Int32]

  /// Creates a dataset of the samples of `whole` with the given indices, in that order.
  package init(_ whole: any ImageDataset, _ samples: [Int32]) {
    self.whole = whole
    self.samples = samples
  }

  package var classNames: [String] { whole.classNames }
  package var hasLabels: Bool { whole.hasLabels }
  package var count: Int { samples.count }
  package var viewSize: ImageSize { whole.viewSize }
  package var normalization: ChannelNormalization { whole.normalization }
  package func label(at index: Int) -> Int { whole.label(at: Int(samples[index])) }
  package func image(at index: Int) throws(FileError) -> RGBImage { try whole.image(at: Int(samples[index])) }
  package func name(at index: Int) -> String { whole.name(at: Int(samples[index])) }
  package func takeReplaced() -> [BadFile] { whole.takeReplaced() }
}

extension ImageDataset {
  /// Divides this training set by holding out a fraction of each class.
  ///
  /// - Returns: The training part and the validation part.
  package func heldOut(fraction: Double) -> (training: DatasetSubset, validation: DatasetSubset) {
    let split = HeldOutSplit(of: self, fraction: fraction)
    return (DatasetSubset(self, split.training), DatasetSubset(self, split.validation))
  }
}
