import OneDNN

/// A matrix and a bias that are slices of the parameter vector: `[rows, in]` → `[rows, out]`, float32 row-major.
///
/// output = input · weightᵀ + bias, weight `[out, in]`, as PyTorch's `Linear`.
public struct LinearLayer: Sendable {
  /// Features that come in.
  public let inputWidth: Int
  /// Features that go out.
  public let outputWidth: Int
  private let weight: VectorSlice
  private let bias: VectorSlice?
  /// The position in the parameters of the first gradient in the vector that a backward pass writes.
  private let gradientStart: Int

  /// Registers weight and, unless a normalization follows that would take it out again, bias under `name`.
  public init(
    _ parameters: inout VectorLayout, _ name: String, inputWidth: Int, outputWidth: Int, hasBias: Bool = true,
    gradientStart: Int = 0
  ) {
    self.gradientStart = gradientStart
    self.inputWidth = inputWidth
    self.outputWidth = outputWidth
    (weight, bias) = parameters.addLinear(name, inputWidth: inputWidth, outputWidth: outputWidth, hasBias: hasBias)
  }

  /// Registers weight and bias in a network under construction.
  public init(_ context: NetworkContext, _ name: String, inputWidth: Int, outputWidth: Int) {
    let gradientStart = context.gradientStart
    self.init(
      &context.layout.parameters, name, inputWidth: inputWidth, outputWidth: outputWidth, gradientStart: gradientStart)
  }

  /// Maps `input` into `output`.
  ///
  /// - Throws: `DNNLError` if the product fails.
  public func forward(
    _ input: Span<Float>, parameters: Span<Float>, into output: inout MutableSpan<Float>
  ) throws(DNNLError) {
    let rows = input.count / inputWidth
    precondition(
      input.count == rows * inputWidth && output.count == rows * outputWidth,
      "\(input.count) inputs of width \(inputWidth) for \(output.count) outputs of width \(outputWidth)")
    if let bias {
      let bias = parameters.extracting(bias.range)
      for row in 0..<rows {
        for column in 0..<outputWidth {
          output[row * outputWidth + column] = bias[column]
        }
      }
    }
    try output.product(
      rows: rows, columns: outputWidth, depth: inputWidth, input, .none,
      parameters.extracting(weight.range), .transposed, beta: bias == nil ? 0 : 1)
  }

  /// Writes the gradients of weight and bias to their places and, where asked for, the gradient of the input.
  ///
  /// - Parameters:
  ///   - input: The input of the forward pass.
  ///   - outputGradient: The gradient of its output.
  ///   - parameters: The parameters of the forward pass.
  ///   - gradient: Receives the parameters' gradients.
  ///   - inputGradient: Receives the gradient of the input, if it is not empty.
  /// - Throws: `DNNLError` if a product fails.
  public func backward(
    input: Span<Float>, outputGradient: Span<Float>, parameters: Span<Float>, into gradient: inout MutableSpan<Float>,
    inputGradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    let rows = input.count / inputWidth
    if let bias {
      var biasGradient = gradient._mutatingExtracting(bias.range.shifted(down: gradientStart))
      for column in 0..<outputWidth {
        biasGradient[column] = 0
      }
      for row in 0..<rows {
        for column in 0..<outputWidth {
          biasGradient[column] += outputGradient[row * outputWidth + column]
        }
      }
    }
    var weightGradient = gradient._mutatingExtracting(weight.range.shifted(down: gradientStart))
    try weightGradient.product(
      rows: outputWidth, columns: inputWidth, depth: rows, outputGradient, .transposed, input, .none)
    if !inputGradient.isEmpty {
      try inputGradient.product(
        rows: rows, columns: inputWidth, depth: outputWidth, outputGradient, .none,
        parameters.extracting(weight.range), .none)
    }
  }
}
