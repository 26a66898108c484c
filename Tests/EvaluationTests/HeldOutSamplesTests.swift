import Datasets
import Evaluation
import Testing

/// The samples of evaluations during training.
struct HeldOutSamplesTests {
  private func names(_ dataset: any ImageDataset) -> Set<String> {
    Set((0..<dataset.count).map { sample in dataset.name(at: sample) })
  }

  private func counts(_ dataset: any ImageDataset) -> [Int] {
    (0..<dataset.count).reduce(into: [Int](repeating: 0, count: dataset.classNames.count)) { counts, sample in
      counts[dataset.label(at: sample)] += 1
    }
  }

  @Test func `without validation images, queries and references are disjoint parts of the training images`() {
    let training = ShapesDataset(count: 20_000, seed: 0, split: .train)
    let samples = HeldOutSamples(training: training, validation: nil)
    #expect(samples.split == .train)
    #expect(names(samples.queries).isDisjoint(with: names(samples.references)))
    // A fifth of the training images, a fifth of which are queries.
    #expect(abs(samples.queries.count - 800) <= 10 && abs(samples.references.count - 3200) <= 10)
    #expect((counts(samples.queries).max() ?? 0) - (counts(samples.queries).min() ?? 0) <= 25)
    #expect(names(HeldOutSamples(training: training, validation: nil).queries) == names(samples.queries))
  }

  @Test func `validation images are the queries where there are some`() {
    let parts = ShapesDataset(count: 30_000, seed: 0, split: .train).heldOut(fraction: 0.1)
    let samples = HeldOutSamples(training: parts.training, validation: parts.validation)
    #expect(samples.split == .validation)
    #expect(names(samples.queries).isSubset(of: names(parts.validation)))
    #expect(abs(samples.queries.count - 2000) <= 10 && abs(samples.references.count - 5400) <= 10)
    #expect(names(samples.references).isDisjoint(with: names(parts.validation)))
  }

  @Test(arguments: [100, 3000, 20_000, 60_000])
  func `the estimate of memory counts about as many references`(training: Int) {
    let largest = HeldOutSamples.largestReferenceCount(ofTraining: training)
    let dataset = ShapesDataset(count: training, seed: 0, split: .train)
    for validation in [nil, ShapesDataset(count: 50, seed: 1, split: .test)] {
      let count = HeldOutSamples(training: dataset, validation: validation).references.count
      // Each class has its share, rounded.
      #expect(largest >= count - 10 && largest <= count * 3 / 2, "\(count), \(largest)")
    }
  }

  @Test func `small sets are used whole, and classes of single images too`() {
    let small = HeldOutSamples(training: ShapesDataset(count: 100, seed: 0, split: .train), validation: nil)
    #expect(small.queries.count + small.references.count == 100 && small.queries.count >= 15)
    let single = DatasetSubset(ShapesDataset(count: 100, seed: 0, split: .train), [0, 1])
    let divided = HeldOutSamples(training: single, validation: nil)
    #expect(divided.queries.count == 1 && divided.references.count == 1)
  }
}
