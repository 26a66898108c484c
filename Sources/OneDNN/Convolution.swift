import COneDNN

/// A two-dimensional convolution without bias for one shape: its three passes.
///
/// Weights come and go as row-major `[out, in, kernel, kernel]`; the passes use oneDNN's own order.
public final class Convolution {
  /// What a convolution computes.
  public struct Geometry: Sendable {
    /// The shape of the input.
    public var input: ActivationShape
    /// The number of channels of the output.
    public var outputChannels: Int
    /// The side of the square kernel, in pixels.
    public var kernel: Int
    /// The distance between neighboring outputs, in pixels of the input.
    public var stride: Int
    /// Zeros around the input, in pixels.
    public var padding: Int
    /// How many channels of the output lie side by side.
    public var outputChannelBlock: Int

    /// Describes a convolution.
    public init(
      input: ActivationShape, outputChannels: Int, kernel: Int, stride: Int, padding: Int, outputChannelBlock: Int
    ) {
      self.input = input
      self.outputChannels = outputChannels
      self.kernel = kernel
      self.stride = stride
      self.padding = padding
      self.outputChannelBlock = outputChannelBlock
    }

    /// The shape of the output.
    public var output: ActivationShape {
      ActivationShape(
        batch: input.batch, channels: outputChannels, height: (input.height + 2 * padding - kernel) / stride + 1,
        width: (input.width + 2 * padding - kernel) / stride + 1, channelBlock: outputChannelBlock)
    }

    var weightExtents: [Int] { [outputChannels, input.channels, kernel, kernel] }
  }

  /// What it computes.
  public let geometry: Geometry

  private let context: ExecutionContext
  private let forwardPrimitive: Primitive
  private let packForward: Reorder
  private let forwardWeights: Tensor
  private let backward: Backward?

  private struct Backward {
    let weightGradient: Primitive
    let unpack: Reorder
    let packedGradient: Tensor
    /// Absent where nothing asks for the gradient of the input.
    let inputGradient: Primitive?
    let packInputGradient: Reorder?
    let inputGradientWeights: Tensor?
  }

  /// Weights or their gradient in row-major order, on their way in or out: shared by all convolutions of a thread with these extents.
  private let plain: Tensor

  /// Which passes a convolution is made for.
  public enum Passes: Sendable {
    /// Forward alone, for evaluation.
    case inference
    /// Forward and the gradient of the weights: the first layer, whose input has no gradient.
    case trainingFirst
    /// Forward and both gradients.
    case training
  }

  /// Compiles the passes.
  public init(
    _ engine: Engine, _ context: ExecutionContext, _ geometry: Geometry, _ precision: Precision, passes: Passes
  ) throws(DNNLError) {
    self.geometry = geometry
    self.context = context
    let type = precision.dataType
    let source = try MemoryDescriptor(geometry.input, precision)
    let weights = try MemoryDescriptor(anyOrder: geometry.weightExtents, type)
    let destination = try MemoryDescriptor(geometry.output, precision)
    plain = try context.plainTensor(geometry.weightExtents)

    let plan = try Convolution.forwardPlan(
      engine, geometry, source, weights, destination, isTraining: passes != .inference)
    forwardPrimitive = try Primitive(plan)
    try context.reserve(forwardPrimitive)
    forwardWeights = try Tensor(engine, plan.descriptor(dnnl_query_weights_md))
    packForward = try Reorder(engine, context, from: plain, to: forwardWeights)
    if passes == .inference {
      backward = nil
      return
    }

    let strides = [Int64](repeating: Int64(geometry.stride), count: 2)
    let padding = [Int64](repeating: Int64(geometry.padding), count: 2)
    var rawSource = source.raw
    var rawWeights = weights.raw
    var rawDestination = destination.raw
    var operation = dnnl_convolution_desc_t()
    try check(
      "dnnl_convolution_backward_weights_desc_init",
      unsafe dnnl_convolution_backward_weights_desc_init(
        &operation, dnnl_convolution_direct, &rawSource, &rawWeights, nil, &rawDestination, strides, padding, padding))
    let weightPlan = try unsafe PrimitiveDescription(engine, operation, forwardPlan: plan.handle)
    let weightGradient = try Primitive(weightPlan)
    try context.reserve(weightGradient)
    let packedGradient = try Tensor(engine, weightPlan.descriptor(dnnl_query_diff_weights_md))
    let unpack = try Reorder(engine, context, from: packedGradient, to: plain)

    var inputGradient: Primitive?
    var inputGradientWeights: Tensor?
    var packInputGradient: Reorder?
    if passes == .training {
      var operation = dnnl_convolution_desc_t()
      try check(
        "dnnl_convolution_backward_data_desc_init",
        unsafe dnnl_convolution_backward_data_desc_init(
          &operation, dnnl_convolution_direct, &rawSource, &rawWeights, &rawDestination, strides, padding, padding))
      let inputPlan = try unsafe PrimitiveDescription(engine, operation, forwardPlan: plan.handle)
      let primitive = try Primitive(inputPlan)
      try context.reserve(primitive)
      let packed = try Tensor(engine, inputPlan.descriptor(dnnl_query_weights_md))
      packInputGradient = try Reorder(engine, context, from: plain, to: packed)
      inputGradient = primitive
      inputGradientWeights = packed
    }
    backward = Backward(
      weightGradient: weightGradient, unpack: unpack, packedGradient: packedGradient, inputGradient: inputGradient,
      packInputGradient: packInputGradient, inputGradientWeights: inputGradientWeights)
  }

  /// The channel blocks that oneDNN prefers for a convolution's input and output on this CPU.
  public static func preferredChannelBlocks(
    _ engine: Engine, _ geometry: Geometry, _ precision: Precision
  ) throws(DNNLError) -> (input: Int, output: Int) {
    let input = geometry.input
    let output = geometry.output
    let plan = try forwardPlan(
      engine, geometry,
      MemoryDescriptor(anyOrder: [input.batch, input.channels, input.height, input.width], precision.dataType),
      MemoryDescriptor(anyOrder: geometry.weightExtents, precision.dataType),
      MemoryDescriptor(anyOrder: [output.batch, output.channels, output.height, output.width], precision.dataType),
      isTraining: true)
    return (plan.descriptor(dnnl_query_src_md).channelBlock, plan.descriptor(dnnl_query_dst_md).channelBlock)
  }

  private static func forwardPlan(
    _ engine: Engine, _ geometry: Geometry, _ source: MemoryDescriptor, _ weights: MemoryDescriptor,
    _ destination: MemoryDescriptor, isTraining: Bool
  ) throws(DNNLError) -> PrimitiveDescription {
    let strides = [Int64](repeating: Int64(geometry.stride), count: 2)
    let padding = [Int64](repeating: Int64(geometry.padding), count: 2)
    var source = source.raw
    var weights = weights.raw
    var destination = destination.raw
    var operation = dnnl_convolution_desc_t()
    try check(
      "dnnl_convolution_forward_desc_init",
      unsafe dnnl_convolution_forward_desc_init(
        &operation, isTraining ? dnnl_forward_training : dnnl_forward_inference, dnnl_convolution_direct, &source,
        &weights, nil, &destination, strides, padding, padding))
    return unsafe try PrimitiveDescription(engine, operation)
  }

  /// Takes new weights, row-major `[out, in, kernel, kernel]`.
  public func load(weights: Span<Float>) throws(DNNLError) {
    plain.copy(from: weights)
    try packForward.execute(from: plain, to: forwardWeights)
    if let backward, let reorder = backward.packInputGradient, let packed = backward.inputGradientWeights {
      try reorder.execute(from: plain, to: packed)
    }
  }

  /// Convolves `input` into `output`.
  public func forward(_ input: Tensor, into output: Tensor) throws(DNNLError) {
    try forwardPrimitive.execute(
      context, (conednn_arg_src(), input), (conednn_arg_weights(), forwardWeights), (conednn_arg_dst(), output))
  }

  /// The gradient of the weights, row-major, from the input and the gradient of the output.
  public func weightGradient(
    input: Tensor, outputGradient: Tensor, into gradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    guard let backward else { preconditionFailure("this convolution was made for inference") }
    try backward.weightGradient.execute(
      context, (conednn_arg_src(), input), (conednn_arg_diff_dst(), outputGradient),
      (conednn_arg_diff_weights(), backward.packedGradient))
    try backward.unpack.execute(from: backward.packedGradient, to: plain)
    plain.copy(into: &gradient)
  }

  /// The gradient of the input from the gradient of the output.
  public func inputGradient(outputGradient: Tensor, into inputGradient: Tensor) throws(DNNLError) {
    guard let backward, let primitive = backward.inputGradient, let weights = backward.inputGradientWeights else {
      preconditionFailure("this convolution was made without a gradient of its input")
    }
    try primitive.execute(
      context, (conednn_arg_diff_dst(), outputGradient), (conednn_arg_weights(), weights),
      (conednn_arg_diff_src(), inputGradient))
  }
}
