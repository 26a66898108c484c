import OneDNN

/// A convolution without bias whose weights are a slice of the parameter vector.
///
/// `[batch, in, height, width]` → `[batch, out, height / stride, width / stride]`.
final class ConvolutionLayer {
  let weight: VectorSlice
  private let convolution: Convolution

  var outputShape: ActivationShape { convolution.geometry.output }

  /// Registers the weights under `name` and compiles the passes.
  ///
  /// - Parameters:
  ///   - context: The network under construction.
  ///   - name: The weights' name without `.weight`.
  ///   - geometry: What to compute.
  ///   - isFirst: Whether its input is the images, whose gradient nobody asks for.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  init(
    _ context: NetworkContext, _ name: String, _ geometry: Convolution.Geometry, isFirst: Bool = false
  ) throws(DNNLError) {
    weight = context.parameters.add(
      "\(name).weight", [geometry.outputChannels, geometry.input.channels, geometry.kernel, geometry.kernel],
      .kaimingFanOut)
    let passes: Convolution.Passes = !context.isTraining ? .inference : isFirst ? .trainingFirst : .training
    convolution = try Convolution(context.engine, context.execution, geometry, context.precision, passes: passes)
  }

  func load(_ parameters: Span<Float>) throws(DNNLError) {
    try convolution.load(weights: parameters.extracting(weight.range))
  }

  func forward(_ input: Tensor, into output: Tensor) throws(DNNLError) {
    try convolution.forward(input, into: output)
  }

  func weightGradient(
    input: Tensor, outputGradient: Tensor, into gradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    var slice = gradient._mutatingExtracting(weight.range)
    try convolution.weightGradient(input: input, outputGradient: outputGradient, into: &slice)
  }

  func inputGradient(outputGradient: Tensor, into inputGradient: Tensor) throws(DNNLError) {
    try convolution.inputGradient(outputGradient: outputGradient, into: inputGradient)
  }
}
