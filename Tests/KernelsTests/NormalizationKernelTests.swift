import Kernels
import TestSupport
import Testing

/// The batch normalization and ReLU kernels of every path against plain loops in float64.
@Suite struct NormalizationKernelTests {
  private static let channels = 32

  /// Feature maps `[2][channel / 16][pixel][channel % 16]` of numbers that bfloat16 holds exactly, and values for each
  /// channel.
  private struct Subject {
    let pixels: Int
    let y: [Float]
    let other: [Float]
    let third: [Float]
    /// `[4][channels]`: scales, shifts, means and one more.
    let perChannel: [[Float]]

    init(pixels: Int) {
      self.pixels = pixels
      var numbers = TestNumbers(seed: 29)
      func draw(_ count: Int) -> [Float] {
        // Odd numerators: no sum of two of them with a scale and a shift is exactly 0, where rounding would decide the
        // sign.
        (0..<count).map { _ in Float(2 * Int.random(in: -64..<64, using: &numbers) + 1) / 128 }
      }
      let count = 2 * NormalizationKernelTests.channels * pixels
      (y, other, third) = (draw(count), draw(count), draw(count))
      perChannel = (0..<4).map { _ in draw(NormalizationKernelTests.channels).map { value in value + 0.001 } }
    }

    var maps: KernelMaps {
      KernelMaps(images: 2, channels: Int32(NormalizationKernelTests.channels), pixels: Int32(pixels), block: 16)
    }

    /// The channel of an element.
    func channel(_ index: Int) -> Int {
      index / (16 * pixels) % (NormalizationKernelTests.channels / 16) * 16 + index % 16
    }

    /// The value of each element from its index and its channel.
    func map(_ body: (_ index: Int, _ channel: Int) -> Double) -> [Double] {
      y.indices.map { index in body(index, channel(index)) }
    }

    /// `[2, channels]`: sums of two values of each element.
    func sums(_ body: (_ index: Int) -> (Double, Double)) -> [Double] {
      var sums = [Double](repeating: 0, count: 2 * NormalizationKernelTests.channels)
      for index in y.indices {
        let values = body(index)
        sums[channel(index)] += values.0
        sums[NormalizationKernelTests.channels + channel(index)] += values.1
      }
      return sums
    }
  }

  /// Whole vectors, a rest, and fewer pixels than the sums have parts.
  static let pixelCounts = [16, 7, 1]
  static let elements = [KERNEL_FLOAT32, KERNEL_BFLOAT16]

  /// Rounding of the result to its type, and of a sum of three in float32.
  private func bound(_ element: KernelElement) -> Double { element == KERNEL_FLOAT32 ? 5e-7 : 3e-3 }

  private func noSums() -> [Double] { [Double](repeating: 0, count: 2 * Self.channels) }

  @Test(arguments: TestedPath.all, pixelCounts)
  func `sums of channels are those of a plain loop`(tested: TestedPath, pixels: Int) {
    let subject = Subject(pixels: pixels)
    let expected = subject.sums { index in
      let value = Double(subject.y[index])
      return (value, value * value)
    }
    for element in Self.elements {
      var sums = noSums()
      unsafe tested.kernels.channel_sums(subject.maps, element, FeatureMapBytes(subject.y, element).bytes, &sums)
      #expect(relativeError(sums.map(Float.init), expected) < 5e-7, "element \(element.rawValue)")
    }
  }

  @Test(arguments: TestedPath.all, pixelCounts)
  func `normalized ReLU outputs are those of a plain loop`(tested: TestedPath, pixels: Int) {
    let subject = Subject(pixels: pixels)
    let (scale, shift) = (subject.perChannel[0], subject.perChannel[1])
    let (otherScale, otherShift) = (subject.perChannel[2], subject.perChannel[3])
    func normalized(_ index: Int, _ channel: Int) -> Double {
      Double(scale[channel]) * Double(subject.y[index]) + Double(shift[channel])
    }
    let plain = subject.map { index, channel in max(0, normalized(index, channel)) }
    let added = subject.map { index, channel in max(0, normalized(index, channel) + Double(subject.other[index])) }
    let bothNormalized = subject.map { index, channel in
      max(
        0,
        normalized(index, channel) + Double(otherScale[channel]) * Double(subject.other[index])
          + Double(otherShift[channel]))
    }
    for element in Self.elements {
      let (y, other) = (FeatureMapBytes(subject.y, element), FeatureMapBytes(subject.other, element))
      var output = FeatureMapBytes([Float](repeating: .nan, count: subject.y.count), element)
      unsafe tested.kernels.normalize_relu(subject.maps, element, y.bytes, scale, shift, &output.bytes)
      #expect(relativeError(output.values, plain) < bound(element), "element \(element.rawValue)")
      unsafe tested.kernels.normalize_add_relu(
        subject.maps, element, y.bytes, scale, shift, other.bytes, nil, nil, &output.bytes)
      #expect(relativeError(output.values, added) < bound(element), "element \(element.rawValue)")
      unsafe tested.kernels.normalize_add_relu(
        subject.maps, element, y.bytes, scale, shift, other.bytes, otherScale, otherShift, &output.bytes)
      #expect(relativeError(output.values, bothNormalized) < bound(element), "element \(element.rawValue)")
    }
  }

  /// A ReLU's output of NaN lets the gradient pass, as in PyTorch, so that the NaN is seen.
  @Test(arguments: TestedPath.all)
  func `a NaN stays one through the ReLU`(tested: TestedPath) {
    let subject = Subject(pixels: 1)
    var y = FeatureMapBytes(subject.y, KERNEL_FLOAT32)
    y.bytes.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F])
    var output = y
    unsafe tested.kernels.normalize_relu(
      subject.maps, KERNEL_FLOAT32, y.bytes, subject.perChannel[0], subject.perChannel[1], &output.bytes)
    #expect(output.values[0].isNaN)
    #expect(output.values.dropFirst().allSatisfy { value in value >= 0 })
  }

  @Test(arguments: TestedPath.all, pixelCounts)
  func `gradients through the ReLU and their sums are those of a plain loop`(tested: TestedPath, pixels: Int) {
    let subject = Subject(pixels: pixels)
    let (scale, shift, mean) = (subject.perChannel[0], subject.perChannel[1], subject.perChannel[2])
    for element in Self.elements {
      let y = FeatureMapBytes(subject.y, element)
      let gradient = FeatureMapBytes(subject.other, element)
      let third = FeatureMapBytes(subject.third, element)
      for (hasAddend, hasOutput) in [(false, false), (true, false), (false, true), (true, true)] {
        let expected = subject.map { index, channel in
          let relu =
            hasOutput
            ? Double(subject.third[index])
            : Double(scale[channel]) * Double(subject.y[index]) + Double(shift[channel])
          return relu > 0 ? Double(subject.other[index]) + (hasAddend ? Double(subject.third[index]) : 0) : 0
        }
        let expectedSums = subject.sums { index in
          (expected[index], expected[index] * (Double(subject.y[index]) - Double(mean[subject.channel(index)])))
        }
        var masked = FeatureMapBytes([Float](repeating: .nan, count: subject.y.count), element)
        var sums = noSums()
        unsafe masked.bytes.withUnsafeMutableBytes { result in
          unsafe third.bytes.withUnsafeBytes { third in
            guard let result = result.baseAddress else { return }
            unsafe tested.kernels.relu_gradient(
              subject.maps, element, gradient.bytes, hasAddend ? third.baseAddress : nil,
              hasOutput ? third.baseAddress : nil, y.bytes, hasOutput ? nil : scale, hasOutput ? nil : shift, mean,
              result, &sums)
          }
        }
        #expect(relativeError(masked.values, expected) < bound(element), "\(hasAddend) \(hasOutput)")
        #expect(relativeError(sums.map(Float.init), expectedSums) < 1e-6, "\(hasAddend) \(hasOutput)")
      }
      let expectedSums = subject.sums { index in
        let value = Double(subject.other[index])
        return (value, value * (Double(subject.y[index]) - Double(mean[subject.channel(index)])))
      }
      var sums = noSums()
      unsafe tested.kernels.gradient_sums(subject.maps, element, gradient.bytes, y.bytes, mean, &sums)
      #expect(relativeError(sums.map(Float.init), expectedSums) < 1e-6, "element \(element.rawValue)")
    }
  }

  @Test(arguments: TestedPath.all, pixelCounts)
  func `the linear map of gradient and input is that of a plain loop`(tested: TestedPath, pixels: Int) {
    let subject = Subject(pixels: pixels)
    let (a, b, c) = (subject.perChannel[0], subject.perChannel[1], subject.perChannel[2])
    let expected = subject.map { index, channel in
      Double(a[channel]) * Double(subject.other[index]) + Double(b[channel]) * Double(subject.y[index])
        + Double(c[channel])
    }
    for element in Self.elements {
      var result = FeatureMapBytes([Float](repeating: .nan, count: subject.y.count), element)
      unsafe tested.kernels.normalize_gradient(
        subject.maps, element, FeatureMapBytes(subject.other, element).bytes,
        FeatureMapBytes(subject.y, element).bytes, a, b, c, &result.bytes)
      #expect(relativeError(result.values, expected) < bound(element), "element \(element.rawValue)")
    }
  }
}
