import COneDNN

/// An operation that oneDNN has compiled for one set of shapes.
///
/// It holds no memory of its own: every thread brings its scratchpad, so several threads may run the same primitive at once.
@safe
public final class Primitive: Sendable {
  // Immutable after creation; executing does not change it.
  nonisolated(unsafe) let handle: dnnl_primitive_t

  /// The scratch memory that an execution needs, in bytes.
  public let scratchpadByteCount: Int

  init(_ description: borrowing PrimitiveDescription) throws(DNNLError) {
    var handle: dnnl_primitive_t?
    try check("dnnl_primitive_create", unsafe dnnl_primitive_create(&handle, description.handle))
    unsafe self.handle = try created("dnnl_primitive_create", handle)
    scratchpadByteCount = unsafe dnnl_memory_desc_get_size(
      dnnl_primitive_desc_query_md(description.handle, dnnl_query_scratchpad_md, 0))
  }

  deinit { unsafe dnnl_primitive_destroy(handle) }

  /// Runs the operation to its end on the calling thread.
  func execute(_ context: ExecutionContext, _ arguments: (Int32, Tensor)...) throws(DNNLError) {
    var list = unsafe arguments.map { index, tensor in unsafe dnnl_exec_arg_t(arg: index, memory: tensor.handle) }
    unsafe list.append(dnnl_exec_arg_t(arg: conednn_arg_scratchpad(), memory: context.scratchpad.handle))
    try check(
      "dnnl_primitive_execute",
      unsafe dnnl_primitive_execute(handle, context.stream.handle, Int32(list.count), list))
  }
}

/// What one thread needs to run primitives: a stream, and scratch memory that is large enough for each of them.
public final class ExecutionContext {
  let stream: Stream
  private let engine: Engine
  fileprivate(set) var scratchpad: Tensor
  private var plainTensors: [[Int]: Tensor] = [:]

  /// Creates the context of one thread.
  public init(_ engine: Engine) throws(DNNLError) {
    self.engine = engine
    stream = try Stream(engine)
    scratchpad = try Tensor(engine, scratchByteCount: 1)
  }

  /// Row-major float32 memory of some extents, for what is copied in and out within one call.
  func plainTensor(_ extents: [Int]) throws(DNNLError) -> Tensor {
    if let tensor = plainTensors[extents] {
      return tensor
    }
    let tensor = try Tensor(engine, rowMajor: extents)
    plainTensors[extents] = tensor
    return tensor
  }

  /// Makes the scratch memory large enough for a primitive.
  func reserve(_ primitive: Primitive) throws(DNNLError) {
    if primitive.scratchpadByteCount > scratchpad.byteCount {
      scratchpad = try Tensor(engine, scratchByteCount: primitive.scratchpadByteCount)
    }
  }
}

/// oneDNN's plan of an operation, before it is compiled.
@safe
struct PrimitiveDescription: ~Copyable {
  let handle: dnnl_primitive_desc_t

  /// Plans an operation.
  ///
  /// - Parameters:
  ///   - engine: The CPU.
  ///   - operation: The operation's own descriptor, of any of oneDNN's types.
  ///   - hint: For a backward operation, the plan of its forward operation.
  /// - Throws: `DNNLError` if a primitive fails.
  init<Operation>(
    _ engine: Engine, _ operation: Operation, forwardPlan hint: dnnl_primitive_desc_t? = nil
  ) throws(DNNLError) {
    let attributes = try PrimitiveAttributes()
    try attributes.letCallerBringScratchpad()
    var handle: dnnl_primitive_desc_t?
    let status = unsafe withUnsafePointer(to: operation) { operation in
      unsafe dnnl_primitive_desc_create(&handle, operation, attributes.handle, engine.handle, hint)
    }
    try check("dnnl_primitive_desc_create", status)
    unsafe self.handle = try created("dnnl_primitive_desc_create", handle)
  }

  deinit { unsafe dnnl_primitive_desc_destroy(handle) }

  /// The layout that the plan uses for one of its arguments.
  func descriptor(_ query: dnnl_query_t) -> MemoryDescriptor {
    unsafe MemoryDescriptor(raw: dnnl_primitive_desc_query_md(handle, query, 0).pointee)
  }
}

/// How an operation is to be planned: with the caller's scratchpad.
@safe
struct PrimitiveAttributes: ~Copyable {
  let handle: dnnl_primitive_attr_t

  init() throws(DNNLError) {
    var handle: dnnl_primitive_attr_t?
    try check("dnnl_primitive_attr_create", unsafe dnnl_primitive_attr_create(&handle))
    unsafe self.handle = try created("dnnl_primitive_attr_create", handle)
  }

  deinit { unsafe dnnl_primitive_attr_destroy(handle) }

  func letCallerBringScratchpad() throws(DNNLError) {
    try check(
      "dnnl_primitive_attr_set_scratchpad_mode",
      unsafe dnnl_primitive_attr_set_scratchpad_mode(handle, dnnl_scratchpad_mode_user))
  }
}
