import COneDNN

/// The oneDNN stream and the scratchpad memory of one thread.
public final class ExecutionContext {
  let stream: Stream
  private let engine: Engine
  private(set) var scratchpad: Tensor
  /// The memory for weights or their gradient in row-major order, while they are copied within one call.
  private let rowMajorMemory = DeferredMemory()
  /// The memory for the weight gradient in the order of oneDNN's primitive, within one call.
  private let gradientMemory = DeferredMemory()

  /// Creates the stream and the scratchpad.
  public init(_ engine: Engine) throws(DNNLError) {
    self.engine = engine
    stream = try Stream(engine)
    scratchpad = try Tensor(engine, scratchByteCount: 1)
  }

  /// Creates a row-major float32 tensor for weights or their gradient, in memory that all these tensors share.
  func rowMajorTensor(_ extents: [Int]) throws(DNNLError) -> Tensor {
    try Tensor(engine, TensorLayout(rowMajor: extents, dnnl_f32), in: rowMajorMemory)
  }

  /// Creates a tensor for a weight gradient in the order of oneDNN's primitive, in memory that all these tensors share.
  func gradientTensor(_ layout: TensorLayout) throws(DNNLError) -> Tensor {
    try Tensor(engine, layout, in: gradientMemory)
  }

  /// Enlarges the scratchpad if a primitive needs more.
  func reserve(_ primitive: Primitive) throws(DNNLError) {
    if primitive.scratchpadByteCount > scratchpad.byteCount {
      scratchpad = try Tensor(engine, scratchByteCount: primitive.scratchpadByteCount)
    }
  }
}
