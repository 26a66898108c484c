import OneDNN
import Testing

/// Operations without compiled code.
struct ReferencePrimitivesTests {
  @Test func `Weight gradients limited to SSE4.1 are recorded as reference implementations`() async {
    await #expect(processExitsWith: .success) {
      #expect(InstructionSet.baseline.limitPrimitives())
      _ = try DownsamplingConvolution(side: 4)
      #expect(
        ReferencePrimitives.all.contains(
          "convolution 16 → 32 channels, 3×3, stride 2, 4×4 → 2×2, float32, gradient of the weights"),
        "\(ReferencePrimitives.all)")
    }
  }

  @Test(.enabled(if: offers(.avx2), "this CPU has no AVX2"))
  func `With AVX2 a single output pixel of stride 2 has no reference implementation`() async {
    await #expect(processExitsWith: .success) {
      #expect(InstructionSet.avx2.limitPrimitives())
      let subject = try DownsamplingConvolution()
      #expect(ReferencePrimitives.all.isEmpty, "\(ReferencePrimitives.all)")
      try subject.expectTheDefinition()
    }
  }

  @Test func `A single output pixel of stride 2 has the weight gradient of its definition`() throws {
    try DownsamplingConvolution().expectTheDefinition()
  }
}

/// A convolution of 3×3 and stride 2 of 2×2 pixels or more, with layouts for AVX2.
private struct DownsamplingConvolution {
  private static let (batch, inputs, outputs) = (3, 16, 32)
  private let engine: Engine
  private let geometry: Convolution.Geometry
  private let convolution: Convolution

  init(side: Int = 2) throws {
    useOneThreadPerPrimitive()
    engine = try Engine()
    let input = ActivationShape(batch: Self.batch, channels: Self.inputs, height: side, width: side, channelBlock: 8)
    geometry = Convolution.Geometry(
      input: input, outputChannels: Self.outputs, kernel: 3, stride: 2, padding: 1, outputChannelBlock: 8)
    convolution = try Convolution(engine, ExecutionContext(engine), geometry, .float32, passes: .training)
  }

  /// ∂L/∂w[o, i, r, c] = Σ over images of g[o] · x[i, r − 1, c − 1], in whole numbers, which float32 adds exactly.
  func expectTheDefinition() throws {
    let (input, output) = (geometry.input, geometry.output)
    let x = try Tensor(engine, input, .float32)
    let g = try Tensor(engine, output, .float32)
    let xs = (0..<input.count).map { index in Float((index * 7 + 3) % 11 - 5) }
    let gs = (0..<output.count).map { index in Float((index * 5 + 1) % 13 - 6) }
    x.copy(from: xs.span)
    g.copy(from: gs.span)
    var gradient = [Float](repeating: .nan, count: Self.outputs * Self.inputs * 9)
    var span = gradient.mutableSpan
    try convolution.weightGradient(input: x, outputGradient: g, into: &span)

    var expected = [Float](repeating: 0, count: gradient.count)
    for o in 0..<Self.outputs {
      for i in 0..<Self.inputs {
        for (row, column) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
          expected[((o * Self.inputs + i) * 3 + row) * 3 + column] = (0..<Self.batch).reduce(0) { sum, image in
            sum + gs[output.offset(image: image, channel: o, row: 0)]
              * xs[input.offset(image: image, channel: i, row: row - 1) + (column - 1) * input.columnStride]
          }
        }
      }
    }
    #expect(gradient == expected)
  }
}
