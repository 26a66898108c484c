import COneDNN

/// Normalises each channel over a batch of feature maps, then scales and shifts it, and optionally applies ReLU.
///
/// In training, mean and variance are those of the batch; in inference they are given.
public final class BatchNormalization {
  /// What a forward pass in training leaves for the backward pass.
  public final class Record {
    /// The batch's mean of each channel, float32 `[channels]`.
    public let mean: Tensor
    /// The batch's variance of each channel (divided by the number of pixels), float32 `[channels]`.
    public let variance: Tensor
    /// Which outputs the ReLU let through.
    let workspace: Tensor?

    fileprivate init(mean: Tensor, variance: Tensor, workspace: Tensor?) {
      self.mean = mean
      self.variance = variance
      self.workspace = workspace
    }
  }

  /// The shape of input and output.
  public let shape: ActivationShape

  private let engine: Engine
  private let context: ExecutionContext
  private let forwardPrimitive: Primitive
  private let workspaceDescriptor: MemoryDescriptor?
  private let backwardPrimitive: Primitive?
  private let scale: Tensor
  private let shift: Tensor
  private let scaleGradient: Tensor
  private let shiftGradient: Tensor

  /// Compiles the passes: both for training, or the forward pass with given statistics.
  public init(
    _ engine: Engine, _ context: ExecutionContext, _ shape: ActivationShape, _ precision: Precision, epsilon: Float,
    appliesRelu: Bool, isTraining: Bool
  ) throws(DNNLError) {
    self.shape = shape
    self.engine = engine
    self.context = context
    scale = try Tensor(engine, rowMajor: [shape.channels])
    shift = try Tensor(engine, rowMajor: [shape.channels])
    scaleGradient = try Tensor(engine, rowMajor: [shape.channels])
    shiftGradient = try Tensor(engine, rowMajor: [shape.channels])

    var data = try MemoryDescriptor(shape, precision).raw
    var flags = dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
    if appliesRelu {
      flags |= dnnl_fuse_norm_relu.rawValue
    }
    if !isTraining {
      flags |= dnnl_use_global_stats.rawValue
    }
    var operation = dnnl_batch_normalization_desc_t()
    try check(
      "dnnl_batch_normalization_forward_desc_init",
      unsafe dnnl_batch_normalization_forward_desc_init(
        &operation, isTraining ? dnnl_forward_training : dnnl_forward_inference, &data, epsilon, flags))
    let plan = unsafe try PrimitiveDescription(engine, operation)
    forwardPrimitive = try Primitive(plan)
    try context.reserve(forwardPrimitive)
    workspaceDescriptor = isTraining && appliesRelu ? plan.descriptor(dnnl_query_workspace_md) : nil
    guard isTraining else {
      backwardPrimitive = nil
      return
    }
    try check(
      "dnnl_batch_normalization_backward_desc_init",
      unsafe dnnl_batch_normalization_backward_desc_init(&operation, dnnl_backward, &data, &data, epsilon, flags))
    let backwardPlan = try unsafe PrimitiveDescription(engine, operation, forwardPlan: plan.handle)
    let primitive = try Primitive(backwardPlan)
    try context.reserve(primitive)
    backwardPrimitive = primitive
  }

  /// Takes a new scale and shift, `[channels]` each.
  public func load(scale: Span<Float>, shift: Span<Float>) {
    self.scale.copy(from: scale)
    self.shift.copy(from: shift)
  }

  /// Makes room for what a forward pass leaves.
  public func makeRecord() throws(DNNLError) -> Record {
    var workspace: Tensor?
    if let workspaceDescriptor {
      workspace = try Tensor(engine, workspaceDescriptor)
    }
    return Record(
      mean: try Tensor(engine, rowMajor: [shape.channels]), variance: try Tensor(engine, rowMajor: [shape.channels]),
      workspace: workspace)
  }

  /// Normalises `input` into `output`.
  ///
  /// - Parameters:
  ///   - input: The feature maps.
  ///   - output: Receives the normalised maps.
  ///   - record: In training receives the batch's statistics; in inference gives them.
  /// - Throws: `DNNLError` if a primitive fails.
  public func forward(_ input: Tensor, into output: Tensor, _ record: Record) throws(DNNLError) {
    try forwardPrimitive.execute(
      context, (conednn_arg_src(), input), (conednn_arg_dst(), output), (conednn_arg_mean(), record.mean),
      (conednn_arg_variance(), record.variance), (conednn_arg_scale(), scale), (conednn_arg_shift(), shift),
      (conednn_arg_workspace(), record.workspace ?? scale))
  }

  /// The gradients of input, scale and shift from the gradient of the output.
  ///
  /// - Parameters:
  ///   - input: The input of the forward pass.
  ///   - outputGradient: The gradient of its output.
  ///   - record: What it left.
  ///   - inputGradient: Receives the gradient of the input.
  ///   - parameterGradient: Receives the gradients of scale and shift, `[2, channels]`.
  /// - Throws: `DNNLError` if a primitive fails.
  public func backward(
    input: Tensor, outputGradient: Tensor, _ record: Record, into inputGradient: Tensor,
    parameterGradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    guard let backwardPrimitive else { preconditionFailure("this normalisation was made for inference") }
    try backwardPrimitive.execute(
      context, (conednn_arg_src(), input), (conednn_arg_diff_dst(), outputGradient),
      (conednn_arg_diff_src(), inputGradient), (conednn_arg_mean(), record.mean),
      (conednn_arg_variance(), record.variance), (conednn_arg_scale(), scale), (conednn_arg_shift(), shift),
      (conednn_arg_diff_scale(), scaleGradient), (conednn_arg_diff_shift(), shiftGradient),
      (conednn_arg_workspace(), record.workspace ?? scale))
    var scalePart = parameterGradient._mutatingExtracting(0..<shape.channels)
    scaleGradient.copy(into: &scalePart)
    var shiftPart = parameterGradient._mutatingExtracting(shape.channels..<2 * shape.channels)
    shiftGradient.copy(into: &shiftPart)
  }
}
