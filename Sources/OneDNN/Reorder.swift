import COneDNN

/// A copy of a tensor to another memory layout or element type.
public final class Reorder {
  private let context: ExecutionContext
  private let primitive: Primitive

  /// Compiles the copy between two layouts.
  public init(_ engine: Engine, _ context: ExecutionContext, from source: Tensor, to destination: Tensor)
    throws(DNNLError)
  {
    self.context = context
    let plan = try unsafe PrimitivePlan("dnnl_reorder_primitive_desc_create") { plan, attributes in
      unsafe conednn_reorder_plan(
        &plan, engine.handle, attributes, source.layout.handle, destination.layout.handle)
    }
    primitive = try Primitive(plan)
    try context.reserve(primitive)
  }

  /// Copies `source` to `destination`, which must have the layouts of the tensors given to the initializer.
  public func execute(from source: Tensor, to destination: Tensor) throws(DNNLError) {
    try primitive.execute(context, (conednn_arg_src(), source), (conednn_arg_dst(), destination))
  }
}
