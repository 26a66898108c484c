import COneDNN

/// The sum of two batches of feature maps, with a ReLU behind it or not.
public final class Addition {
  private let context: ExecutionContext
  private let primitive: Primitive

  /// Compiles the sum for one shape.
  public init(
    _ engine: Engine, _ context: ExecutionContext, _ shape: ActivationShape, _ precision: Precision, appliesRelu: Bool
  ) throws(DNNLError) {
    self.context = context
    var data = try MemoryDescriptor(shape, precision).raw
    var operation = dnnl_binary_desc_t()
    try check("dnnl_binary_desc_init", unsafe dnnl_binary_desc_init(&operation, dnnl_binary_add, &data, &data, &data))
    primitive = unsafe try Primitive(PrimitiveDescription(engine, operation, addsRelu: appliesRelu))
    try context.reserve(primitive)
  }

  /// Adds `first` and `second` into `sum`, which may be `first`.
  public func forward(_ first: Tensor, _ second: Tensor, into sum: Tensor) throws(DNNLError) {
    try primitive.execute(
      context, (conednn_arg_src(), first), (conednn_arg_src_1(), second), (conednn_arg_dst(), sum))
  }
}

/// The backward pass of a ReLU whose output was kept.
public final class ReluBackward {
  private let context: ExecutionContext
  private let primitive: Primitive

  /// Compiles the pass for one shape.
  public init(
    _ engine: Engine, _ context: ExecutionContext, _ shape: ActivationShape, _ precision: Precision
  ) throws(DNNLError) {
    self.context = context
    var data = try MemoryDescriptor(shape, precision).raw
    var operation = dnnl_eltwise_desc_t()
    try check(
      "dnnl_eltwise_forward_desc_init",
      unsafe dnnl_eltwise_forward_desc_init(
        &operation, dnnl_forward_training, dnnl_eltwise_relu_use_dst_for_bwd, &data, 0, 0))
    let forwardPlan = unsafe try PrimitiveDescription(engine, operation)
    try check(
      "dnnl_eltwise_backward_desc_init",
      unsafe dnnl_eltwise_backward_desc_init(&operation, dnnl_eltwise_relu_use_dst_for_bwd, &data, &data, 0, 0))
    primitive = try unsafe Primitive(PrimitiveDescription(engine, operation, forwardPlan: forwardPlan.handle))
    try context.reserve(primitive)
  }

  /// Passes the gradient on where the output was positive.
  public func backward(output: Tensor, outputGradient: Tensor, into inputGradient: Tensor) throws(DNNLError) {
    try primitive.execute(
      context, (conednn_arg_dst(), output), (conednn_arg_diff_dst(), outputGradient),
      (conednn_arg_diff_src(), inputGradient))
  }
}
