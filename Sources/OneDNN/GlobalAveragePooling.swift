import COneDNN

/// The mean of each feature map: `[batch, channels, height, width]` → row-major `[batch, channels]`.
public final class GlobalAveragePooling {
  private let context: ExecutionContext
  private let forwardPrimitive: Primitive
  private let backwardPrimitive: Primitive?
  private let pooled: Tensor
  private let widen: Reorder
  private let narrow: Reorder
  private let wide: Tensor

  /// Compiles the passes for one shape.
  public init(
    _ engine: Engine, _ context: ExecutionContext, _ shape: ActivationShape, _ precision: Precision, isTraining: Bool
  ) throws(DNNLError) {
    self.context = context
    // One pixel is left, so the channels of an image lie side by side whatever the block.
    var output = shape
    output.height = 1
    output.width = 1
    pooled = try Tensor(engine, output, precision)
    wide = try Tensor(engine, output, .float32)
    widen = try Reorder(engine, context, from: pooled, to: wide)
    narrow = try Reorder(engine, context, from: wide, to: pooled)

    var source = try MemoryDescriptor(shape, precision).raw
    var destination = try MemoryDescriptor(output, precision).raw
    let kernel = [Int64(shape.height), Int64(shape.width)]
    let ones: [Int64] = [1, 1]
    let zeros: [Int64] = [0, 0]
    var operation = dnnl_pooling_desc_t()
    try check(
      "dnnl_pooling_forward_desc_init",
      unsafe dnnl_pooling_forward_desc_init(
        &operation, isTraining ? dnnl_forward_training : dnnl_forward_inference, dnnl_pooling_avg_exclude_padding,
        &source, &destination, ones, kernel, zeros, zeros))
    let plan = unsafe try PrimitiveDescription(engine, operation)
    forwardPrimitive = try Primitive(plan)
    try context.reserve(forwardPrimitive)
    guard isTraining else {
      backwardPrimitive = nil
      return
    }
    try check(
      "dnnl_pooling_backward_desc_init",
      unsafe dnnl_pooling_backward_desc_init(
        &operation, dnnl_pooling_avg_exclude_padding, &source, &destination, ones, kernel, zeros, zeros))
    let primitive = try unsafe Primitive(PrimitiveDescription(engine, operation, forwardPlan: plan.handle))
    try context.reserve(primitive)
    backwardPrimitive = primitive
  }

  /// Averages `input` into float32 `output`.
  public func forward(_ input: Tensor, into output: inout MutableSpan<Float>) throws(DNNLError) {
    try forwardPrimitive.execute(context, (conednn_arg_src(), input), (conednn_arg_dst(), pooled))
    try widen.execute(from: pooled, to: wide)
    wide.copy(into: &output)
  }

  /// Spreads the float32 gradient of the output evenly over the pixels.
  public func backward(outputGradient: Span<Float>, into inputGradient: Tensor) throws(DNNLError) {
    guard let backwardPrimitive else { preconditionFailure("this pooling was made for inference") }
    wide.copy(from: outputGradient)
    try narrow.execute(from: wide, to: pooled)
    try backwardPrimitive.execute(context, (conednn_arg_diff_dst(), pooled), (conednn_arg_diff_src(), inputGradient))
  }
}
