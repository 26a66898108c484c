import COneDNN

/// A oneDNN primitive descriptor: the chosen implementation and memory layouts of an operation, before it is compiled.
@safe
struct PrimitivePlan: ~Copyable {
  let handle: dnnl_primitive_desc_t

  /// Creates the descriptor of an operation.
  ///
  /// - Parameters:
  ///   - function: The name of the operation, for error messages.
  ///   - create: Calls oneDNN's function with a location for the descriptor and with attributes.
  /// - Throws: `DNNLError` if oneDNN does not support the operation.
  @unsafe init(
    _ function: String, _ create: (inout dnnl_primitive_desc_t?, dnnl_primitive_attr_t) -> dnnl_status_t
  ) throws(DNNLError) {
    let attributes = try PrimitiveAttributes()
    try attributes.configure()
    var handle: dnnl_primitive_desc_t?
    try check(function, unsafe create(&handle, attributes.handle))
    unsafe self.handle = try created(function, handle)
  }

  deinit { unsafe dnnl_primitive_desc_destroy(handle) }

  /// Returns the memory layout of one of the arguments.
  func layout(_ argument: dnnl_query_t) throws(DNNLError) -> TensorLayout {
    try TensorLayout(of: self, argument)
  }

  /// The name of the chosen implementation, for example `jit:avx512_core`.
  var implementation: String { unsafe String(cString: conednn_plan_implementation(handle)) }

  /// True if the implementation is oneDNN's reference code, which is a hundred times slower than compiled code.
  var isReference: Bool { implementation.hasPrefix("ref") }
}

/// The attributes of every primitive: the caller provides the scratchpad, and executions are deterministic.
@safe
struct PrimitiveAttributes: ~Copyable {
  let handle: dnnl_primitive_attr_t

  init() throws(DNNLError) {
    var handle: dnnl_primitive_attr_t?
    try check("dnnl_primitive_attr_create", unsafe dnnl_primitive_attr_create(&handle))
    unsafe self.handle = try created("dnnl_primitive_attr_create", handle)
  }

  deinit { unsafe dnnl_primitive_attr_destroy(handle) }

  func configure() throws(DNNLError) {
    try check(
      "dnnl_primitive_attr_set_scratchpad_mode",
      unsafe dnnl_primitive_attr_set_scratchpad_mode(handle, dnnl_scratchpad_mode_user))
    try check("dnnl_primitive_attr_set_deterministic", unsafe conednn_attr_set_deterministic(handle))
  }
}
