import COneDNN

/// A copy of elements from one layout or element type to another.
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

  /// Copies `source` into `destination`, which have the layouts of the initializer's tensors.
  public func execute(from source: Tensor, to destination: Tensor) throws(DNNLError) {
    try primitive.execute(context, (conednn_arg_src(), source), (conednn_arg_dst(), destination))
  }
}
