import COneDNN

/// Copies numbers from one layout or type to another.
public final class Reorder {
  private let context: ExecutionContext
  private let primitive: Primitive

  /// Compiles the copy between two layouts.
  public init(_ engine: Engine, _ context: ExecutionContext, from source: Tensor, to destination: Tensor)
    throws(DNNLError)
  {
    self.context = context
    let plan = try PrimitiveDescription(engine, reorderFrom: source.descriptor, to: destination.descriptor)
    primitive = try Primitive(plan)
    try context.reserve(primitive)
  }

  /// Copies `source` into `destination`, which have the layouts that this was made for.
  public func execute(from source: Tensor, to destination: Tensor) throws(DNNLError) {
    try primitive.execute(context, (conednn_arg_src(), source), (conednn_arg_dst(), destination))
  }
}

extension PrimitiveDescription {
  /// Plans a copy between two layouts.
  init(
    _ engine: Engine, reorderFrom source: MemoryDescriptor, to destination: MemoryDescriptor
  ) throws(DNNLError) {
    let attributes = try PrimitiveAttributes()
    try attributes.letCallerBringScratchpad()
    var source = source.raw
    var destination = destination.raw
    var handle: dnnl_primitive_desc_t?
    try check(
      "dnnl_reorder_primitive_desc_create",
      unsafe dnnl_reorder_primitive_desc_create(
        &handle, &source, engine.handle, &destination, engine.handle, attributes.handle))
    unsafe self.handle = try created("dnnl_reorder_primitive_desc_create", handle)
  }
}
