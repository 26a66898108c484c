import Datasets
import Imaging
import Testing

/// The built-in set: images that depend on (seed, split, index) alone, in balanced classes, with something drawn on
/// them.
struct ShapesDatasetTests {
  @Test func picturesDependOnNothingButSeedSplitAndIndex() {
    let set = ShapesDataset(count: 40, seed: 3, split: .train)
    let backwards = (0..<40).reversed().map { index in set.image(at: index) }
    let larger = ShapesDataset(count: 500, seed: 3, split: .train)
    for index in 0..<40 {
      #expect(set.image(at: index) == backwards[39 - index])
      #expect(set.image(at: index) == larger.image(at: index))
    }
  }

  @Test func noTwoImagesAreTheSame() {
    let sets = [
      ShapesDataset(count: 60, seed: 3, split: .train), ShapesDataset(count: 60, seed: 3, split: .test),
      ShapesDataset(count: 60, seed: 4, split: .train),
    ]
    let images = sets.flatMap { set in (0..<60).map { index in set.image(at: index).samples } }
    #expect(Set(images).count == 180)
  }

  @Test func classesAreBalancedAndNamed() {
    let set = ShapesDataset(count: 1000, seed: 0, split: .train)
    #expect(set.classNames.count == 10)
    #expect(Set(set.classNames).count == 10)
    for number in 0..<10 {
      #expect((0..<1000).count { index in set.label(at: index) == number } == 100)
    }
  }

  /// The light shape covers a good part of each image: a fifth of the range lies between the darkest and the lightest
  /// tenth.
  @Test func everyImageShowsSomething() {
    let set = ShapesDataset(count: 200, seed: 0, split: .test)
    for index in 0..<200 {
      let samples = set.image(at: index).samples
      #expect(samples.count == 32 * 32 * 3)
      let brightness = (0..<1024).map { pixel in
        Int(samples[3 * pixel]) + Int(samples[3 * pixel + 1]) + Int(samples[3 * pixel + 2])
      }.sorted()
      #expect(brightness[950] - brightness[100] > 3 * 50, "image \(index)")
    }
  }

  /// The stated constants are those of the images.
  @Test func normalizationFreesOfMeanAndDeviation() {
    let set = ShapesDataset(count: 2000, seed: 0, split: .train)
    var sums = [Double](repeating: 0, count: 3)
    var squares = [Double](repeating: 0, count: 3)
    for index in 0..<2000 {
      let samples = set.image(at: index).samples
      for (position, sample) in samples.enumerated() {
        let channel = position % 3
        let value =
          (Double(sample) / 255 - Double(set.normalization.mean[channel]))
          / Double(set.normalization.standardDeviation[channel])
        sums[channel] += value
        squares[channel] += value * value
      }
    }
    let count = Double(2000 * 1024)
    for channel in 0..<3 {
      // 2,000 images leave about 0.5 / √2000 = 0.01 of uncertainty.
      #expect(abs(sums[channel] / count) < 0.05)
      #expect(abs(squares[channel] / count - 1) < 0.1)
    }
  }
}
