import COneDNN

/// The maximum over windows of each feature map: `[batch, channels, height, width]` → `[batch, channels, height', width']`.
///
/// Pixels beyond the edges take no part. Which pixel was the largest stays here between a forward pass and its backward pass.
public final class MaxPooling {
  /// The shape of the output.
  public let outputShape: ActivationShape

  private let context: ExecutionContext
  private let forwardPrimitive: Primitive
  private let backward: Backward?

  private struct Backward {
    let primitive: Primitive
    /// The place of the largest pixel of each window.
    let places: Tensor
  }

  /// Compiles the passes for one shape.
  ///
  /// - Parameters:
  ///   - engine: The CPU.
  ///   - context: The thread's stream and scratchpad.
  ///   - shape: The shape of the input.
  ///   - precision: The type of the numbers.
  ///   - kernel: The side of the square window, in pixels.
  ///   - stride: The distance between neighboring windows.
  ///   - padding: How far windows reach beyond the edges.
  ///   - isTraining: Whether there is a backward pass.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  public init(
    _ engine: Engine, _ context: ExecutionContext, _ shape: ActivationShape, _ precision: Precision, kernel: Int,
    stride: Int, padding: Int, isTraining: Bool
  ) throws(DNNLError) {
    self.context = context
    var output = shape
    output.height = (shape.height + 2 * padding - kernel) / stride + 1
    output.width = (shape.width + 2 * padding - kernel) / stride + 1
    outputShape = output

    var source = try MemoryDescriptor(shape, precision).raw
    var destination = try MemoryDescriptor(output, precision).raw
    let strides = [Int64](repeating: Int64(stride), count: 2)
    let window = [Int64](repeating: Int64(kernel), count: 2)
    let paddings = [Int64](repeating: Int64(padding), count: 2)
    var operation = dnnl_pooling_desc_t()
    try check(
      "dnnl_pooling_forward_desc_init",
      unsafe dnnl_pooling_forward_desc_init(
        &operation, isTraining ? dnnl_forward_training : dnnl_forward_inference, dnnl_pooling_max, &source,
        &destination, strides, window, paddings, paddings))
    let plan = unsafe try PrimitiveDescription(engine, operation)
    forwardPrimitive = try Primitive(plan)
    try context.reserve(forwardPrimitive)
    guard isTraining else {
      backward = nil
      return
    }
    try check(
      "dnnl_pooling_backward_desc_init",
      unsafe dnnl_pooling_backward_desc_init(
        &operation, dnnl_pooling_max, &source, &destination, strides, window, paddings, paddings))
    let primitive = try unsafe Primitive(PrimitiveDescription(engine, operation, forwardPlan: plan.handle))
    try context.reserve(primitive)
    backward = Backward(primitive: primitive, places: try Tensor(engine, plan.descriptor(dnnl_query_workspace_md)))
  }

  /// Takes the maxima of `input`.
  public func forward(_ input: Tensor, into output: Tensor) throws(DNNLError) {
    if let backward {
      try forwardPrimitive.execute(
        context, (conednn_arg_src(), input), (conednn_arg_dst(), output), (conednn_arg_workspace(), backward.places))
    } else {
      try forwardPrimitive.execute(context, (conednn_arg_src(), input), (conednn_arg_dst(), output))
    }
  }

  /// Gives each window's gradient to the pixel that was its largest in the last forward pass.
  public func backward(outputGradient: Tensor, into inputGradient: Tensor) throws(DNNLError) {
    guard let backward else { preconditionFailure("this pooling was made for inference") }
    try backward.primitive.execute(
      context, (conednn_arg_diff_dst(), outputGradient), (conednn_arg_workspace(), backward.places),
      (conednn_arg_diff_src(), inputGradient))
  }
}
