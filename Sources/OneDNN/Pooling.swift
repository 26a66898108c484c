import COneDNN

/// The compiled passes of a pooling for one shape.
struct Pooling {
  /// The operation that reduces a window to one element.
  enum Reduction {
    /// The mean of the window's elements inside the image.
    case mean
    /// The largest element of the window.
    case maximum

    var algorithm: dnnl_alg_kind_t {
      switch self {
      case .mean: dnnl_pooling_avg_exclude_padding
      case .maximum: dnnl_pooling_max
      }
    }

    var name: String {
      switch self {
      case .mean: "average pooling"
      case .maximum: "max pooling"
      }
    }
  }

  let forward: Primitive
  /// The backward pass; `nil` in inference.
  let backward: Primitive?
  /// The layout of the data that the forward pass saves for the backward pass; `nil` in inference and for means.
  let workspace: TensorLayout?

  /// Compiles the forward pass and, for training, the backward pass.
  init(
    _ engine: Engine, _ context: ExecutionContext, _ reduction: Reduction, _ precision: Precision,
    from input: ActivationShape, to output: ActivationShape, _ window: conednn_window_t, isTraining: Bool
  ) throws(DNNLError) {
    let source = try TensorLayout(input, precision)
    let destination = try TensorLayout(output, precision)
    let algorithm = reduction.algorithm
    let plan = try unsafe PrimitivePlan("dnnl_pooling_forward_primitive_desc_create") { plan, attributes in
      unsafe conednn_pooling_forward_plan(
        &plan, engine.handle, attributes, isTraining ? dnnl_forward_training : dnnl_forward_inference, algorithm,
        source.handle, destination.handle, window)
    }
    let operation = "\(reduction.name) \(input.height)×\(input.width) → \(output.height)×\(output.width), \(precision)"
    ReferencePrimitives.note(plan, "\(operation), forward")
    forward = try Primitive(plan)
    try context.reserve(forward)
    guard isTraining else {
      backward = nil
      workspace = nil
      return
    }
    let hint = unsafe plan.handle
    let backwardPlan = try unsafe PrimitivePlan("dnnl_pooling_backward_primitive_desc_create") { plan, attributes in
      unsafe conednn_pooling_backward_plan(
        &plan, engine.handle, attributes, algorithm, source.handle, destination.handle, window, hint)
    }
    ReferencePrimitives.note(backwardPlan, "\(operation), backward")
    let backward = try Primitive(backwardPlan)
    try context.reserve(backward)
    self.backward = backward
    workspace =
      switch reduction {
      case .mean: nil
      case .maximum: try plan.layout(dnnl_query_workspace_md)
      }
  }
}
