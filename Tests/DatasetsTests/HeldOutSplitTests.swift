import Datasets
import Formats
import Imaging
import Testing

/// A validation part of any training set.
struct HeldOutSplitTests {
  private let shapes = ShapesDataset(count: 1000, seed: 0, split: .train)

  @Test(arguments: [0.1, 0.25, 0.333, 0.5])
  func `both parts are balanced, disjoint and whole`(fraction: Double) {
    let split = HeldOutSplit(of: shapes, fraction: fraction)
    #expect(Set(split.training).isDisjoint(with: split.validation))
    #expect(Set(split.training + split.validation) == Set(0..<1000))
    let counts = split.validation.reduce(into: [Int](repeating: 0, count: 10)) { counts, sample in
      counts[shapes.label(at: Int(sample))] += 1
    }
    #expect(counts == Array(repeating: Int((fraction * 100).rounded()), count: 10))
  }

  @Test func `a fraction gives one division always`() {
    let first = HeldOutSplit(of: shapes, fraction: 0.2)
    #expect(HeldOutSplit(of: shapes, fraction: 0.2) == first)
    // Labels count, not the images: another seed's set is divided alike.
    #expect(HeldOutSplit(of: ShapesDataset(count: 1000, seed: 9, split: .train), fraction: 0.2) == first)
    // A smaller fraction holds out a part of what a larger one does.
    #expect(Set(HeldOutSplit(of: shapes, fraction: 0.1).validation).isSubset(of: first.validation))
    // Not the first ones, and not the same ones of each class.
    let positions = { (label: Int) in HeldOutSplit.positions(ofClass: label, count: 100, fraction: 0.2) }
    #expect(Set(positions(0)) != Set(0..<20) && Set(positions(0)) != Set(positions(1)))
  }

  @Test func `parts are datasets with the images of the whole`() throws {
    let parts = shapes.heldOut(fraction: 0.1)
    #expect(parts.training.count == 900 && parts.validation.count == 100)
    let split = HeldOutSplit(of: shapes, fraction: 0.1)
    for position in [0, 7, 99] {
      let sample = Int(split.validation[position])
      #expect(try parts.validation.image(at: position) == shapes.image(at: sample))
      #expect(parts.validation.label(at: position) == shapes.label(at: sample))
      #expect(parts.validation.name(at: position) == shapes.name(at: sample))
    }
    #expect(parts.validation.classNames == shapes.classNames && parts.validation.viewSize == shapes.viewSize)
  }

  @Test func `one sample of each class is always trained on`() {
    let few = ShapesDataset(count: 12, seed: 0, split: .train)
    let split = HeldOutSplit(of: few, fraction: 0.9)
    #expect(Set(split.training.map { sample in few.label(at: Int(sample)) }).count == 10)
    #expect(split.validation.count == 2)
  }
}
