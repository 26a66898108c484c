import Imaging
import KeyedRandomness
import TestSupport
import Testing

struct WholeViewTests {
  private let normalization = ChannelNormalization(mean: [0.49, 0.48, 0.44], standardDeviation: [0.2, 0.19, 0.21])

  @Test func `without augmentation a view is the normalized image exactly`() {
    let image = noise(width: 7, height: 5)
    let found = view(of: image, .none, stream(0), normalization)
    for channel in 0..<3 {
      for pixel in 0..<35 {
        let expected =
          (Float(image.samples[3 * pixel + channel]) / 255 - normalization.mean[channel])
          / normalization.standardDeviation[channel]
        #expect(found[35 * channel + pixel] == expected)
      }
    }
  }

  @Test func `strides say where the elements go`() {
    let image = noise(width: 6, height: 4)
    let planes = view(of: image, .cropFlipJitter, stream(3), normalization)
    var draws = stream(3)
    var interleaved = [Float](repeating: .nan, count: 72)
    var target = interleaved.mutableSpan
    Augmentation.cropFlipJitter.makeView(
      of: image, size: image.size, &draws, normalization, workspace: AugmentationWorkspace(), into: &target,
      channelStride: 1, pixelStride: 3)
    let expected: [Float] = (0..<72).map { index in planes[index % 3 * 24 + index / 3] }
    #expect(interleaved == expected)
  }

  @Test func `a view depends on its stream alone`() {
    let image = noise(width: 8, height: 8)
    let first = view(of: image, .cropFlipJitter, stream(5))
    _ = view(of: image, .cropFlipJitter, stream(6))
    #expect(view(of: image, .cropFlipJitter, stream(5)) == first)
    let others = [
      RandomStream(seed: 78, .augmentation, epoch: 1, sample: 5),
      RandomStream(seed: 77, .augmentation, epoch: 2, sample: 5),
      RandomStream(seed: 77, .augmentation, epoch: 1, sample: 6),
      RandomStream(seed: 77, .augmentation, epoch: 1, sample: 5, view: 1),
    ]
    for other in others {
      #expect(view(of: image, .cropFlipJitter, other) != first)
    }
  }
}
