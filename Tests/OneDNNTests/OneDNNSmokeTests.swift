import OneDNN
import Testing

/// oneDNN builds, links and answers.
struct OneDNNSmokeTests {
  @Test func productOfSmallMatrices() throws {
    useOneThreadPerPrimitive()
    let a: [Float] = [1, 2, 3, 4, 5, 6]  // [2, 3]
    let b: [Float] = [7, 8, 9, 10, 11, 12]  // [3, 2]
    var c: [Float] = [1000, 1000, 1000, 1000]
    var product = c.mutableSpan
    try product.product(rows: 2, columns: 2, depth: 3, a.span, .none, b.span, .none)
    #expect(c == [58, 64, 139, 154])
  }

  @Test func transposedFactorsAndAccumulation() throws {
    useOneThreadPerPrimitive()
    let a: [Float] = [1, 4, 2, 5, 3, 6]  // [3, 2], read as [2, 3]
    let b: [Float] = [7, 9, 11, 8, 10, 12]  // [2, 3], read as [3, 2]
    var c: [Float] = [1, 1, 1, 1]
    var sums = c.mutableSpan
    try sums.product(rows: 2, columns: 2, depth: 3, a.span, .transposed, b.span, .transposed, beta: 1)
    #expect(c == [59, 65, 140, 155])
  }

  /// A 1×1 kernel with the identity as weights gives the input back, through every layout change on the way.
  @Test func identityConvolution() throws {
    useOneThreadPerPrimitive()
    let engine = try Engine()
    let context = try ExecutionContext(engine)
    let shape = ActivationShape(batch: 2, channels: 16, height: 3, width: 3, channelBlock: 16)
    let geometry = Convolution.Geometry(
      input: shape, outputChannels: 16, kernel: 1, stride: 1, padding: 0, outputChannelBlock: 16)
    let convolution = try Convolution(engine, context, geometry, .float32, passes: .inference)
    let identity = (0..<256).map { index in index / 16 == index % 16 ? Float(1) : 0 }
    try convolution.load(weights: identity.span)
    let input = try Tensor(engine, shape, .float32)
    let output = try Tensor(engine, shape, .float32)
    let elements = (0..<shape.count).map { index in Float(index) - 100 }
    input.copy(from: elements.span)
    try convolution.forward(input, into: output)
    var result = [Float](repeating: 0, count: shape.count)
    var span = result.mutableSpan
    output.copy(into: &span)
    #expect(result == elements)
  }
}
