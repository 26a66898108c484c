import COneDNN

/// The stream and the scratchpad of one thread.
public final class ExecutionContext {
  let stream: Stream
  private let engine: Engine
  private(set) var scratchpad: Tensor
  private var rowMajorTensors: [[Int]: Tensor] = [:]

  /// Creates the context of one thread.
  public init(_ engine: Engine) throws(DNNLError) {
    self.engine = engine
    stream = try Stream(engine)
    scratchpad = try Tensor(engine, scratchByteCount: 1)
  }

  /// Row-major float32 memory of some extents, for what is copied in and out within one call.
  func rowMajorTensor(_ extents: [Int]) throws(DNNLError) -> Tensor {
    if let tensor = rowMajorTensors[extents] {
      return tensor
    }
    let tensor = try Tensor(engine, rowMajor: extents)
    rowMajorTensors[extents] = tensor
    return tensor
  }

  /// Makes the scratchpad large enough for a primitive.
  func reserve(_ primitive: Primitive) throws(DNNLError) {
    if primitive.scratchpadByteCount > scratchpad.byteCount {
      scratchpad = try Tensor(engine, scratchByteCount: primitive.scratchpadByteCount)
    }
  }
}
