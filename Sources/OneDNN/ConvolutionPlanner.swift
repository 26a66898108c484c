import COneDNN

/// The creation of oneDNN's primitive descriptors ("plans") for the three passes of a convolution.
struct ConvolutionPlanner {
  let engine: Engine
  let geometry: Convolution.Geometry
  let precision: Precision
  private let source: TensorLayout
  private let weights: TensorLayout
  private let destination: TensorLayout

  /// Creates a planner for the memory layouts of the geometry, or for layouts that oneDNN chooses.
  init(
    _ engine: Engine, _ geometry: Convolution.Geometry, _ precision: Precision, choosesLayouts: Bool = false
  ) throws(DNNLError) {
    self.engine = engine
    self.geometry = geometry
    self.precision = precision
    let type = precision.dataType
    weights = try TensorLayout(anyOrder: geometry.weightExtents, type)
    if choosesLayouts {
      let (input, output) = (geometry.input, geometry.output)
      source = try TensorLayout(anyOrder: [input.batch, input.channels, input.height, input.width], type)
      destination = try TensorLayout(anyOrder: [output.batch, output.channels, output.height, output.width], type)
    } else {
      source = try TensorLayout(geometry.input, precision)
      destination = try TensorLayout(geometry.output, precision)
    }
  }

  func forward(isTraining: Bool) throws(DNNLError) -> PrimitivePlan {
    let window = geometry.window
    let plan = try unsafe PrimitivePlan("dnnl_convolution_forward_primitive_desc_create") { plan, attributes in
      unsafe conednn_convolution_forward_plan(
        &plan, engine.handle, attributes, isTraining ? dnnl_forward_training : dnnl_forward_inference, source.handle,
        weights.handle, destination.handle, window)
    }
    note(plan, "forward")
    return plan
  }

  func inputGradient(forward: borrowing PrimitivePlan) throws(DNNLError) -> PrimitivePlan {
    let hint = unsafe forward.handle
    let window = geometry.window
    let plan = try unsafe PrimitivePlan("dnnl_convolution_backward_data_primitive_desc_create") { plan, attributes in
      unsafe conednn_convolution_input_gradient_plan(
        &plan, engine.handle, attributes, source.handle, weights.handle, destination.handle, window, hint)
    }
    note(plan, "gradient of the input")
    return plan
  }

  func weightGradient(forward: borrowing PrimitivePlan) throws(DNNLError) -> PrimitivePlan {
    let hint = unsafe forward.handle
    let window = geometry.window
    return try unsafe PrimitivePlan("dnnl_convolution_backward_weights_primitive_desc_create") { plan, attributes in
      unsafe conednn_convolution_weight_gradient_plan(
        &plan, engine.handle, attributes, source.handle, weights.handle, destination.handle, window, hint)
    }
  }

  /// Records the operation of a plan if oneDNN has only slow reference code for it.
  func note(_ plan: borrowing PrimitivePlan, _ pass: String) {
    ReferencePrimitives.note(plan, "\(geometry), \(precision), \(pass)")
  }
}
