import COneDNN

/// The shape, element type, and memory order of a tensor, as a oneDNN memory descriptor.
@safe
final class TensorLayout {
  let handle: conednn_layout_t

  /// Returns the memory layout that a primitive descriptor uses for one of its arguments.
  init(of plan: borrowing PrimitivePlan, _ argument: dnnl_query_t) throws(DNNLError) {
    var handle: conednn_layout_t?
    try check("dnnl_primitive_desc_query_md", unsafe conednn_layout_of_plan(&handle, plan.handle, argument))
    unsafe self.handle = try created("dnnl_primitive_desc_query_md", handle)
  }

  /// Creates a layout whose memory order oneDNN may choose.
  convenience init(anyOrder extents: [Int], _ type: dnnl_data_type_t) throws(DNNLError) {
    try self.init(extents, type, dnnl_format_tag_any)
  }

  /// Creates a row-major layout.
  convenience init(rowMajor extents: [Int], _ type: dnnl_data_type_t) throws(DNNLError) {
    let tag =
      switch extents.count {
      case 1: dnnl_a
      case 2: dnnl_ab
      case 4: dnnl_abcd
      default: preconditionFailure("no row-major layout of \(extents.count) extents")
      }
    try self.init(extents, type, tag)
  }

  /// Creates the layout of a batch of feature maps.
  convenience init(_ shape: ActivationShape, _ precision: Precision) throws(DNNLError) {
    let tag =
      switch shape.channelBlock {
      case 1: dnnl_nchw
      // With 16 channels in blocks of 16, NHWC has the same bytes, but oneDNN selects its kernels by this tag.
      case 16: dnnl_nChw16c
      case 8: dnnl_nChw8c
      case shape.channels: dnnl_nhwc
      default: preconditionFailure("no layout with blocks of \(shape.channelBlock) channels")
      }
    try self.init([shape.batch, shape.channels, shape.height, shape.width], precision.dataType, tag)
  }

  private init(_ extents: [Int], _ type: dnnl_data_type_t, _ tag: dnnl_format_tag_t) throws(DNNLError) {
    var handle: conednn_layout_t?
    try check(
      "dnnl_memory_desc_create",
      unsafe conednn_layout_create(&handle, Int32(extents.count), extents.map(Int64.init), type, tag))
    unsafe self.handle = try created("dnnl_memory_desc_create", handle)
  }

  deinit { unsafe conednn_layout_destroy(handle) }

  /// The number of bytes of a tensor with this layout, including padding.
  var byteCount: Int { unsafe conednn_layout_byte_count(handle) }

  /// The type of the elements.
  var elementType: dnnl_data_type_t { unsafe conednn_layout_type(handle) }

  /// The number of channels that are adjacent in memory, for a layout of four extents.
  var channelBlock: Int { unsafe Int(conednn_layout_channel_block(handle)) }
}
