import COneDNN

/// An operation that oneDNN has compiled for fixed shapes.
///
/// It has no memory of its own: every thread provides its scratchpad, so that several threads can run the same
/// primitive at once.
@safe
final class Primitive: Sendable {
  // Immutable after creation; executing does not change it.
  nonisolated(unsafe) let handle: dnnl_primitive_t

  /// The size in bytes of the scratchpad that an execution needs.
  let scratchpadByteCount: Int

  init(_ plan: borrowing PrimitivePlan) throws(DNNLError) {
    scratchpadByteCount = unsafe conednn_plan_scratchpad_byte_count(plan.handle)
    var handle: dnnl_primitive_t?
    try check("dnnl_primitive_create", unsafe dnnl_primitive_create(&handle, plan.handle))
    unsafe self.handle = try created("dnnl_primitive_create", handle)
  }

  deinit { unsafe dnnl_primitive_destroy(handle) }

  /// Runs the operation on the calling thread and waits for its end.
  func execute(_ context: ExecutionContext, _ arguments: (Int32, Tensor)...) throws(DNNLError) {
    var list: [dnnl_exec_arg_t] = unsafe []
    for (index, tensor) in arguments + [(conednn_arg_scratchpad(), context.scratchpad)] {
      unsafe list.append(dnnl_exec_arg_t(arg: index, memory: try tensor.handle))
    }
    try check(
      "dnnl_primitive_execute",
      unsafe dnnl_primitive_execute(handle, context.stream.handle, Int32(list.count), list))
  }
}
