import OneDNN

/// A linear layer, `[rows, in]` → `[rows, out]` (float32, row-major), whose weight and bias are slices of the flat
/// parameter vector.
///
/// output = input · weightᵀ + bias, weight `[out, in]`, as PyTorch's `Linear`.
public struct LinearLayer: Sendable {
  /// The number of input features.
  public let inputWidth: Int
  /// The number of output features.
  public let outputWidth: Int
  private let weight: VectorSlice
  private let bias: VectorSlice?
  /// The index of the parameter whose gradient is element 0 of the gradient vector in a backward pass.
  private let gradientStart: Int

  /// Registers weight and bias under `name`; `hasBias` is false if a normalization follows, which would cancel a bias.
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

  /// Computes the output from `input`.
  ///
  /// - Throws: `DNNLError` if the matrix product fails.
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

  /// Writes the gradients of weight and bias into `gradient` and, if requested, computes the gradient of the input.
  ///
  /// - Parameters:
  ///   - input: The input of the forward pass.
  ///   - outputGradient: The gradient of the layer's output.
  ///   - parameters: The parameters of the forward pass.
  ///   - gradient: Receives the gradients of the parameters.
  ///   - inputGradient: Receives the gradient of the input, unless it is empty.
  /// - Throws: `DNNLError` if a matrix product fails.
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
