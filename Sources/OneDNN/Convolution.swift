import COneDNN

/// A two-dimensional convolution without bias, compiled for one shape: forward pass, weight gradient and input
/// gradient.
///
/// Weights and their gradient are row-major `[out, in, kernel, kernel]` and are copied to and from the orders that
/// oneDNN chooses ("packed").
public final class Convolution {
  /// The shapes of input and output, kernel, stride and padding.
  public let geometry: Geometry

  private let context: ExecutionContext
  private let forwardPrimitive: Primitive
  private let forwardWeights: PackedWeights
  private let weightGradientPass: WeightGradientPass?
  private let inputGradientPass: InputGradientPass?

  /// The memory of the packed weights, shared with the same convolution of other threads.
  public let weightMemory: PackedWeightMemory
  /// The caller's weights or gradient in row-major order, while they are copied.
  private let rowMajorWeights: Tensor

  /// The set of passes that a convolution is compiled for.
  public enum Passes: Sendable {
    /// The forward pass only, for evaluation.
    case inference
    /// The forward pass and the weight gradient, for training the first layer, whose input needs no gradient.
    case trainingFirst
    /// The forward pass, the weight gradient and the input gradient.
    case training
    /// The forward pass and the input gradient, for a convolution whose weight gradient is computed without oneDNN.
    case trainingWithoutWeightGradient
  }

  /// The weights in the memory layout that oneDNN chose for one pass, and the operation that copies them into it.
  private struct PackedWeights {
    let tensor: Tensor
    let pack: Reorder

    init(
      _ engine: Engine, _ context: ExecutionContext, from rowMajor: Tensor, to layout: TensorLayout,
      in memory: DeferredMemory
    ) throws(DNNLError) {
      tensor = try Tensor(engine, layout, in: memory)
      pack = try Reorder(engine, context, from: rowMajor, to: tensor)
    }
  }

  private struct InputGradientPass {
    let primitive: Primitive
    let weights: PackedWeights
  }

  private enum WeightGradientPass {
    /// oneDNN's primitive, and the operation that copies its result to row-major order.
    case primitive(Primitive, gradient: Tensor, unpack: Reorder)
    /// A matrix product, used if oneDNN has only slow reference code.
    case product(SinglePixelWeightGradient)
  }

  /// Compiles the passes.
  ///
  /// - Parameters:
  ///   - engine: The oneDNN engine.
  ///   - context: The stream and the scratchpad of the thread.
  ///   - geometry: The shapes of input and output, kernel, stride and padding.
  ///   - precision: The data type of feature maps and weights.
  ///   - passes: The passes to compile.
  ///   - weightMemory: The memory of the packed weights, used only for this geometry, precision and passes.
  /// - Throws: `DNNLError` if oneDNN cannot create a primitive.
  public init(
    _ engine: Engine, _ context: ExecutionContext, _ geometry: Geometry, _ precision: Precision, passes: Passes,
    weightMemory: PackedWeightMemory = PackedWeightMemory()
  ) throws(DNNLError) {
    self.geometry = geometry
    self.context = context
    self.weightMemory = weightMemory
    let planner = try ConvolutionPlanner(engine, geometry, precision)
    let rowMajor = try context.rowMajorTensor(geometry.weightExtents)
    rowMajorWeights = rowMajor

    let forwardPlan = try planner.forward(isTraining: passes != .inference)
    forwardPrimitive = try Primitive(forwardPlan)
    try context.reserve(forwardPrimitive)
    forwardWeights = try PackedWeights(
      engine, context, from: rowMajor, to: forwardPlan.layout(dnnl_query_weights_md), in: weightMemory.forward)
    guard passes != .inference else {
      weightGradientPass = nil
      inputGradientPass = nil
      return
    }

    weightGradientPass =
      passes == .trainingWithoutWeightGradient
      ? nil
      : try Self.weightGradientPass(planner, context, forward: forwardPlan, rowMajor)
    guard passes != .trainingFirst else {
      inputGradientPass = nil
      return
    }

    let inputPlan = try planner.inputGradient(forward: forwardPlan)
    let inputGradient = try Primitive(inputPlan)
    try context.reserve(inputGradient)
    inputGradientPass = InputGradientPass(
      primitive: inputGradient,
      weights: try PackedWeights(
        engine, context, from: rowMajor, to: inputPlan.layout(dnnl_query_weights_md),
        in: weightMemory.inputGradient))
  }

  private static func weightGradientPass(
    _ planner: ConvolutionPlanner, _ context: ExecutionContext, forward: borrowing PrimitivePlan, _ rowMajor: Tensor
  ) throws(DNNLError) -> WeightGradientPass {
    let plan = try planner.weightGradient(forward: forward)
    if plan.isReference, planner.precision == .float32, let product = SinglePixelWeightGradient(planner.geometry) {
      return .product(product)
    }
    planner.note(plan, "gradient of the weights")
    let primitive = try Primitive(plan)
    try context.reserve(primitive)
    let packed = try context.gradientTensor(plan.layout(dnnl_query_diff_weights_md))
    let unpack = try Reorder(planner.engine, context, from: packed, to: rowMajor)
    return .primitive(primitive, gradient: packed, unpack: unpack)
  }

  /// Returns the channel blocks that oneDNN prefers for a convolution's input and output on this CPU.
  public static func preferredChannelBlocks(
    _ engine: Engine, _ geometry: Geometry, _ precision: Precision
  ) throws(DNNLError) -> (input: Int, output: Int) {
    let plan = try ConvolutionPlanner(engine, geometry, precision, choosesLayouts: true).forward(isTraining: true)
    return (try plan.layout(dnnl_query_src_md).channelBlock, try plan.layout(dnnl_query_dst_md).channelBlock)
  }

  /// Packs new weights, row-major `[out, in, kernel, kernel]`, for some passes.
  public func load(weights: Span<Float>, for uses: WeightUses = .all) throws(DNNLError) {
    weightMemory.beginLoading(uses)
    try rowMajorWeights.over(weights) { () throws(DNNLError) in
      if uses.contains(.forward) {
        try forwardWeights.pack.execute(from: rowMajorWeights, to: forwardWeights.tensor)
      }
      if uses.contains(.inputGradient), let packed = inputGradientPass?.weights {
        try packed.pack.execute(from: rowMajorWeights, to: packed.tensor)
      }
    }
  }

  /// Convolves `input` into `output`.
  public func forward(_ input: Tensor, into output: Tensor) throws(DNNLError) {
    weightMemory.check(.forward)
    try forwardPrimitive.execute(
      context, (conednn_arg_src(), input), (conednn_arg_weights(), forwardWeights.tensor), (conednn_arg_dst(), output))
  }

  /// Computes the gradient of the weights, row-major, from the input and the gradient of the output.
  ///
  /// - Precondition: The convolution was compiled with `training` or `trainingFirst`.
  public func weightGradient(
    input: Tensor, outputGradient: Tensor, into gradient: inout MutableSpan<Float>
  ) throws(DNNLError) {
    switch weightGradientPass {
    case .primitive(let primitive, let packed, let unpack):
      try primitive.execute(
        context, (conednn_arg_src(), input), (conednn_arg_diff_dst(), outputGradient),
        (conednn_arg_diff_weights(), packed))
      try rowMajorWeights.over(&gradient) { () throws(DNNLError) in
        try unpack.execute(from: packed, to: rowMajorWeights)
      }
    case .product(let product):
      try product.compute(input: input, outputGradient: outputGradient, into: &gradient)
    case nil: preconditionFailure("convolution compiled without the gradient of its weights")
    }
  }

  /// Computes the gradient of the input from the gradient of the output.
  ///
  /// - Precondition: The convolution was not compiled with `inference` or `trainingFirst`.
  public func inputGradient(outputGradient: Tensor, into inputGradient: Tensor) throws(DNNLError) {
    guard let pass = inputGradientPass else {
      preconditionFailure("convolution compiled without the gradient of its input")
    }
    weightMemory.check(.inputGradient)
    try pass.primitive.execute(
      context, (conednn_arg_diff_dst(), outputGradient), (conednn_arg_weights(), pass.weights.tensor),
      (conednn_arg_diff_src(), inputGradient))
  }
}
