import COneDNN

/// Max pooling: `[batch, channels, height, width]` → `[batch, channels, height', width']`.
///
/// Padding pixels are ignored. The position of each window's maximum is saved from a forward pass for its backward
/// pass.
public final class MaxPooling {
  /// The shape of the output.
  public let outputShape: ActivationShape

  private let context: ExecutionContext
  private let pooling: Pooling
  /// The position of each window's maximum; `nil` in inference.
  private let places: Tensor?

  /// Compiles the passes for one shape.
  ///
  /// - Parameters:
  ///   - engine: The oneDNN engine.
  ///   - context: The stream and the scratchpad of the thread.
  ///   - shape: The shape of the input.
  ///   - precision: The data type of the feature maps.
  ///   - kernel: The side of the square window, in pixels.
  ///   - stride: The distance between neighboring windows, in pixels.
  ///   - padding: The number of pixels by which windows extend beyond each edge.
  ///   - isTraining: True to compile the backward pass too.
  /// - Throws: `DNNLError` if oneDNN cannot create a primitive.
  public init(
    _ engine: Engine, _ context: ExecutionContext, _ shape: ActivationShape, _ precision: Precision, kernel: Int,
    stride: Int, padding: Int, isTraining: Bool
  ) throws(DNNLError) {
    self.context = context
    var output = shape
    output.height = (shape.height + 2 * padding - kernel) / stride + 1
    output.width = (shape.width + 2 * padding - kernel) / stride + 1
    outputShape = output

    let window = conednn_window(Int64(kernel), Int64(kernel), Int64(stride), Int64(padding), Int64(padding))
    pooling = try Pooling(
      engine, context, .maximum, precision, from: shape, to: output, window, isTraining: isTraining)
    places = try pooling.workspace.map { layout throws(DNNLError) in try Tensor(engine, layout) }
  }

  /// Computes the maximum of each window of `input`.
  public func forward(_ input: Tensor, into output: Tensor) throws(DNNLError) {
    if let places {
      try pooling.forward.execute(
        context, (conednn_arg_src(), input), (conednn_arg_dst(), output), (conednn_arg_workspace(), places))
    } else {
      try pooling.forward.execute(context, (conednn_arg_src(), input), (conednn_arg_dst(), output))
    }
  }

  /// Adds each window's gradient to the pixel that was its maximum in the last forward pass; all other pixels get 0.
  public func backward(outputGradient: Tensor, into inputGradient: Tensor) throws(DNNLError) {
    guard let primitive = pooling.backward, let places else { preconditionFailure("pooling compiled for inference") }
    try primitive.execute(
      context, (conednn_arg_diff_dst(), outputGradient), (conednn_arg_workspace(), places),
      (conednn_arg_diff_src(), inputGradient))
  }
}
