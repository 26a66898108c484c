import COneDNN

/// Global average pooling: `[batch, channels, height, width]` → row-major `[batch, channels]`.
public final class GlobalAveragePooling {
  private let context: ExecutionContext
  private let pooling: Pooling
  private let pooled: Tensor
  private let widen: Reorder
  private let narrow: Reorder
  private let wide: Tensor

  /// Compiles the passes for one shape.
  public init(
    _ engine: Engine, _ context: ExecutionContext, _ shape: ActivationShape, _ precision: Precision, isTraining: Bool
  ) throws(DNNLError) {
    self.context = context
    // The output has one pixel, so the channels of an image are adjacent for any channel block.
    var output = shape
    output.height = 1
    output.width = 1
    pooled = try Tensor(engine, output, precision)
    wide = try Tensor(engine, output, .float32)
    widen = try Reorder(engine, context, from: pooled, to: wide)
    narrow = try Reorder(engine, context, from: wide, to: pooled)

    pooling = try Pooling(
      engine, context, .mean, precision, from: shape, to: output,
      conednn_window(Int64(shape.height), Int64(shape.width), 1, 0, 0), isTraining: isTraining)
  }

  /// Averages each channel of `input` over its pixels into float32 `output`.
  public func forward(_ input: Tensor, into output: inout MutableSpan<Float>) throws(DNNLError) {
    try pooling.forward.execute(context, (conednn_arg_src(), input), (conednn_arg_dst(), pooled))
    try widen.execute(from: pooled, to: wide)
    wide.copy(into: &output)
  }

  /// Distributes the float32 gradient of the output evenly over the pixels.
  public func backward(outputGradient: Span<Float>, into inputGradient: Tensor) throws(DNNLError) {
    guard let primitive = pooling.backward else { preconditionFailure("pooling compiled for inference") }
    wide.copy(from: outputGradient)
    try narrow.execute(from: wide, to: pooled)
    try primitive.execute(context, (conednn_arg_diff_dst(), pooled), (conednn_arg_diff_src(), inputGradient))
  }
}
