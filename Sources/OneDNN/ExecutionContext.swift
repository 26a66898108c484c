import COneDNN

/// The stream and the scratchpad of one thread.
public final class ExecutionContext {
  let stream: Stream
  private let engine: Engine
  private(set) var scratchpad: Tensor
  /// Weights or their gradient in row-major order, on their way in or out of one call.
  private let rowMajorMemory = DeferredMemory()
  /// The gradient of weights in the order of a pass, on its way out of one call.
  private let gradientMemory = DeferredMemory()

  /// Creates the context of one thread.
  public init(_ engine: Engine) throws(DNNLError) {
    self.engine = engine
    stream = try Stream(engine)
    scratchpad = try Tensor(engine, scratchByteCount: 1)
  }

  /// Row-major float32 memory of some extents, for what is copied in and out within one call.
  func rowMajorTensor(_ extents: [Int]) throws(DNNLError) -> Tensor {
    try Tensor(engine, TensorLayout(rowMajor: extents, dnnl_f32), in: rowMajorMemory)
  }

  /// Memory for the gradient of weights in the order of a pass.
  func gradientTensor(_ layout: TensorLayout) throws(DNNLError) -> Tensor {
    try Tensor(engine, layout, in: gradientMemory)
  }

  /// Makes the scratchpad large enough for a primitive.
  func reserve(_ primitive: Primitive) throws(DNNLError) {
    if primitive.scratchpadByteCount > scratchpad.byteCount {
      scratchpad = try Tensor(engine, scratchByteCount: primitive.scratchpadByteCount)
    }
  }
}
