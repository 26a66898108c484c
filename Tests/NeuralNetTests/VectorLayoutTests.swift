import NeuralNet
import OneDNN
import Testing

/// The parameter vectors of the networks: their parts, sizes and first values.
@Suite struct VectorLayoutTests {
  /// The parameters of an encoder, with an MLP head of 128 or without.
  private func layout(_ name: String, withHead: Bool) throws -> VectorLayout {
    useOneThreadPerPrimitive()
    let architecture = try #require(ResNetArchitecture(name: name))
    let context = try NetworkContext(Engine(), mode: .inference, precision: .float32)
    let encoder = try ResNet(context, architecture, views: 2, height: 32, width: 32)
    if withHead {
      _ = ProjectionHead(
        context, ProjectionHeadArchitecture([encoder.representationWidth, 128]), inputWidth: encoder.representationWidth
      )
    }
    return context.parameters
  }

  // Each cut is at the bound nearest to an equal part: a range differs from it by less than the longest tensor.
  @Test(arguments: [1, 2, 3, 7, 64, 1000])
  func `ranges for several ranks are whole tensors of about equal length`(parts: Int) throws {
    let layout = try layout("resnet18", withHead: true)
    let ranges = layout.ranges(dividedInto: parts)
    #expect(ranges.count == parts && ranges.first?.lowerBound == 0 && ranges.last?.upperBound == layout.count)
    #expect(zip(ranges, ranges.dropFirst()).allSatisfy { one, next in one.upperBound == next.lowerBound })
    for slice in layout.slices {
      #expect(ranges.contains { range in range.clamped(to: slice.range) == slice.range }, "\(slice.name)")
    }
    let longest = try #require(layout.slices.map(\.range.count).max())
    #expect(ranges.allSatisfy { range in abs(range.count - layout.count / parts) <= longest })
    #expect(VectorLayout().ranges(dividedInto: 2) == [0..<0, 0..<0])
  }

  // MARK: - Sizes

  // He et al. 2015, table 6: 0.27M, 0.46M, 0.66M, 0.85M, 1.7M and 19.4M, there with a classifier of 10 · 64 + 10
  // parameters.
  @Test(
    arguments: zip(
      [8, 14, 20, 32, 44, 56, 110, 1202], [75_290, 172_506, 269_722, 464_154, 658_586, 853_018, 1_727_962, 19_421_274]))
  func `an encoder has the paper's parameter count`(depth: Int, withClassifier: Int) throws {
    // Depth 6n + 2: a stem, and 2n convolutions for each of the widths 16, 32 and 64, each followed by a scale and a
    // shift.
    let n = (depth - 2) / 6
    func convolution(_ inputs: Int, _ outputs: Int) -> Int { 9 * inputs * outputs + 2 * outputs }
    let closedForm =
      convolution(3, 16) + 2 * n * convolution(16, 16)
      + convolution(16, 32) + (2 * n - 1) * convolution(32, 32)
      + convolution(32, 64) + (2 * n - 1) * convolution(64, 64)
    let layout = try layout("resnet\(depth)", withHead: false)
    #expect(layout.count == closedForm)
    #expect(layout.count == withClassifier - 650)
    #expect(layout.slices.filter { slice in slice.shape.count == 4 }.count == depth - 1)
  }

  @Test func `unknown architectures are refused`() {
    for name in ["resnet", "resnet21", "resnet9", "ResNet20", "20", ""] {
      #expect(ResNetArchitecture(name: name) == nil, "\(name)")
    }
    #expect(ResNetArchitecture(name: "resnet20")?.representationWidth == 64)
  }

  @Test func `slices follow each other without gaps`() throws {
    let layout = try layout("resnet20", withHead: true)
    var end = 0
    for slice in layout.slices {
      #expect(slice.range.lowerBound == end, "\(slice.name)")
      #expect(slice.range.count == slice.shape.reduce(1, *), "\(slice.name)")
      end = slice.range.upperBound
    }
    #expect(layout.count == end)
    #expect(Set(layout.slices.map(\.name)).count == layout.slices.count)
  }

  // MARK: - First values

  // Bounds of five standard errors: a correct generator breaks one of these hundred about once in 20 000 seeds.
  @Test func `convolutions are initialized normally with Kaiming fan-out`() throws {
    let layout = try layout("resnet20", withHead: true)
    let values = layout.initialValues(seed: 1)
    for slice in layout.slices where slice.shape.count == 4 {
      let elements = values[slice.range].map(Double.init)
      let count = Double(elements.count)
      let expected = (2 / Double(slice.shape[0] * 9)).squareRoot()
      let mean = elements.reduce(0, +) / count
      let deviation = (elements.reduce(0) { sum, value in sum + value * value } / count).squareRoot()
      #expect(abs(mean) < 5 * expected / count.squareRoot(), "\(slice.name)")
      // The deviation of n normal numbers has a standard error of σ/√(2n).
      #expect(abs(deviation - expected) < 5 * expected / (2 * count).squareRoot(), "\(slice.name)")
      // 68.27% lie within one deviation; a uniform distribution would have 57.7%.
      let inside = Double(elements.filter { value in abs(value) < expected }.count) / count
      #expect(abs(inside - 0.6827) < 5 * 0.4655 / count.squareRoot(), "\(slice.name)")
    }
  }

  @Test func `linear layers are initialized uniformly`() throws {
    let layout = try layout("resnet20", withHead: true)
    let values = layout.initialValues(seed: 1)
    let slices = layout.slices.filter { slice in slice.name.hasPrefix("head.") }
    #expect(slices.map(\.name) == ["head.0.weight", "head.0.bias", "head.2.weight", "head.2.bias"])
    for slice in slices {
      let elements = values[slice.range].map(Double.init)
      let count = Double(elements.count)
      // ±1/√64.
      #expect(elements.allSatisfy { value in abs(value) <= 0.125 }, "\(slice.name)")
      #expect(elements.contains { value in value > 0.11 } && elements.contains { value in value < -0.11 })
      let mean = elements.reduce(0, +) / count
      let variance = elements.reduce(0) { sum, value in sum + value * value } / count
      // A uniform distribution of ±b has variance b²/3; its square varies by b⁴ · 4/45.
      #expect(abs(mean) < 5 * 0.125 / (3 * count).squareRoot(), "\(slice.name)")
      #expect(
        abs(variance - 0.125 * 0.125 / 3) < 5 * 0.125 * 0.125 * (4.0 / 45 / count).squareRoot(), "\(slice.name)")
    }
  }

  @Test func `normalizations are initialized as the identity`() throws {
    let layout = try layout("resnet20", withHead: false)
    let values = layout.initialValues(seed: 1)
    for slice in layout.slices where slice.shape.count == 1 {
      let expected: Float = slice.name.hasSuffix(".weight") ? 1 : 0
      #expect(values[slice.range].allSatisfy { value in value == expected }, "\(slice.name)")
    }
  }

  @Test func `initial values depend on seed and name only`() throws {
    let layout = try layout("resnet20", withHead: true)
    let values = layout.initialValues(seed: 7)
    #expect(values == layout.initialValues(seed: 7))
    let other = layout.initialValues(seed: 8)
    // A seed is 64 bits wide.
    let far = layout.initialValues(seed: 7 + 1 << 32)
    for slice in layout.slices where slice.shape.count > 1 {
      #expect(values[slice.range] != other[slice.range], "\(slice.name)")
      #expect(values[slice.range] != far[slice.range], "\(slice.name)")
    }

    // Alone in a layout, at another place, a slice begins with the same values.
    var alone = VectorLayout()
    _ = alone.add("before", [5], .constant(3))
    let slice = alone.add("encoder.layer2.1.conv2.weight", [32, 32, 3, 3], .kaimingFanOut)
    let twin = try #require(layout.slices.first { other in other.name == slice.name })
    #expect(alone.initialValues(seed: 7)[slice.range] == values[twin.range])

    // No two slices share their values.
    let firsts = layout.slices.filter { slice in slice.shape.count > 1 }.map { slice in
      values[slice.range.lowerBound] * (Float(slice.shape[0])).squareRoot()
    }
    #expect(Set(firsts).count == firsts.count)
  }
}
