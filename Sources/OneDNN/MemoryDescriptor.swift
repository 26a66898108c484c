import COneDNN

/// What oneDNN knows of a block of memory: extents, element type and order.
struct MemoryDescriptor: Equatable {
  var raw: dnnl_memory_desc_t

  /// Wraps what oneDNN answered.
  init(raw: dnnl_memory_desc_t) {
    self.raw = raw
  }

  /// Extents in an order that oneDNN may choose.
  init(anyOrder extents: [Int], _ type: dnnl_data_type_t) throws(DNNLError) {
    try self.init(extents, type, dnnl_format_tag_any)
  }

  /// Extents in plain row-major order.
  init(rowMajor extents: [Int], _ type: dnnl_data_type_t) throws(DNNLError) {
    let tag =
      switch extents.count {
      case 1: dnnl_a
      case 2: dnnl_ab
      case 4: dnnl_abcd
      default: preconditionFailure("no row-major layout of \(extents.count) extents")
      }
    try self.init(extents, type, tag)
  }

  /// A batch of feature maps in its own layout.
  init(_ shape: ActivationShape, _ precision: Precision) throws(DNNLError) {
    let tag =
      switch shape.channelBlock {
      case 1: dnnl_nchw
      // With 16 channels in blocks of 16, NHWC and this are the same bytes, but oneDNN's kernels look for this name.
      case 16: dnnl_nChw16c
      case 8: dnnl_nChw8c
      case shape.channels: dnnl_nhwc
      default: preconditionFailure("no layout with blocks of \(shape.channelBlock) channels")
      }
    try self.init([shape.batch, shape.channels, shape.height, shape.width], precision.dataType, tag)
  }

  private init(_ extents: [Int], _ type: dnnl_data_type_t, _ tag: dnnl_format_tag_t) throws(DNNLError) {
    raw = dnnl_memory_desc_t()
    try check(
      "dnnl_memory_desc_init_by_tag",
      unsafe dnnl_memory_desc_init_by_tag(&raw, Int32(extents.count), extents.map(Int64.init), type, tag))
  }

  /// The number of bytes that the memory needs, padding included.
  var byteCount: Int {
    var copy = raw
    return unsafe dnnl_memory_desc_get_size(&copy)
  }

  /// How many channels lie side by side in memory of four extents.
  var channelBlock: Int {
    let blocking = unsafe raw.format_desc.blocking
    if blocking.inner_nblks == 1, blocking.inner_idxs.0 == 1 {
      return Int(blocking.inner_blks.0)
    }
    return blocking.strides.1 == 1 ? Int(raw.dims.1) : 1
  }

  static func == (first: MemoryDescriptor, second: MemoryDescriptor) -> Bool {
    var first = first.raw
    var second = second.raw
    return unsafe dnnl_memory_desc_equal(&first, &second) != 0
  }
}
