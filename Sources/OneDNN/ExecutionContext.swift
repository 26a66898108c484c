import COneDNN

/// The oneDNN stream and the scratchpad memory of one thread.
public final class ExecutionContext {
  let stream: Stream
  private let engine: Engine
  private(set) var scratchpad: Tensor
  /// The memory for a weight gradient before it is copied to row-major order, within one call.
  public let gradientMemory = DeferredMemory()

  /// Creates the stream and the scratchpad.
  public init(_ engine: Engine) throws(DNNLError) {
    self.engine = engine
    stream = try Stream(engine)
    scratchpad = try Tensor(engine, scratchByteCount: 1)
  }

  /// Creates a row-major float32 tensor whose memory is the caller's within one call.
  func rowMajorTensor(_ extents: [Int]) throws(DNNLError) -> Tensor {
    try Tensor(engine, borrowingWith: TensorLayout(rowMajor: extents, dnnl_f32))
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
