import COneDNN
import Synchronization

/// Memory that primitives read and write, 64-byte aligned and owned.
@safe
public final class Tensor {
  let handle: dnnl_memory_t
  let layout: TensorLayout
  private let storage: UnsafeMutableRawBufferPointer

  private static let livingBytes = Atomic(0)

  /// The number of bytes of all tensors of this process together.
  public static var livingByteCount: Int { livingBytes.load(ordering: .relaxed) }

  /// Allocates zeroed memory for a layout.
  init(_ engine: Engine, _ layout: TensorLayout) throws(DNNLError) {
    self.layout = layout
    let byteCount = max(layout.byteCount, 1)
    unsafe storage = .allocate(byteCount: byteCount, alignment: 64)
    unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
    var handle: dnnl_memory_t?
    let status = unsafe conednn_memory_create(&handle, layout.handle, engine.handle, storage.baseAddress)
    do throws(DNNLError) {
      try check("dnnl_memory_create", status)
      unsafe self.handle = try created("dnnl_memory_create", handle)
    } catch {
      unsafe storage.deallocate()
      throw error
    }
    Self.livingBytes.wrappingAdd(byteCount, ordering: .relaxed)
  }

  /// Allocates a zeroed batch of feature maps.
  public convenience init(_ engine: Engine, _ shape: ActivationShape, _ precision: Precision) throws(DNNLError) {
    try self.init(engine, TensorLayout(shape, precision))
  }

  /// Allocates a zeroed row-major float32 array.
  public convenience init(_ engine: Engine, rowMajor extents: [Int]) throws(DNNLError) {
    try self.init(engine, TensorLayout(rowMajor: extents, dnnl_f32))
  }

  /// Allocates scratch memory of a number of bytes.
  public convenience init(_ engine: Engine, scratchByteCount: Int) throws(DNNLError) {
    try self.init(engine, TensorLayout(rowMajor: [max(scratchByteCount, 1)], dnnl_u8))
  }

  deinit {
    Self.livingBytes.wrappingSubtract(byteCount, ordering: .relaxed)
    unsafe dnnl_memory_destroy(handle)
    unsafe storage.deallocate()
  }

  /// The size of the memory in bytes.
  public var byteCount: Int { unsafe storage.count }

  /// Lends the bytes.
  public func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    try unsafe body(storage)
  }

  /// True if every element, float32 or bfloat16, is finite.
  public var isFinite: Bool {
    // All ones in the exponent: infinite, or not a number.
    switch layout.elementType {
    case dnnl_f32:
      unsafe storage.bindMemory(to: UInt32.self).allSatisfy { bits in bits & 0x7f80_0000 != 0x7f80_0000 }
    case dnnl_bf16: unsafe storage.bindMemory(to: UInt16.self).allSatisfy { bits in bits & 0x7f80 != 0x7f80 }
    default: preconditionFailure("the tensor holds neither float32 nor bfloat16")
    }
  }

  /// The address of the first byte, valid for the lifetime of the tensor.
  @unsafe public var address: UnsafeMutableRawPointer {
    // Storage of at least one byte was allocated.
    unsafe storage.baseAddress.unsafelyUnwrapped
  }

  /// Lends the elements of float32 memory, in memory order.
  public func withFloats<Result>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> Result) rethrows -> Result {
    precondition(layout.elementType == dnnl_f32, "the tensor does not hold float32")
    return try unsafe body(storage.assumingMemoryBound(to: Float.self))
  }

  /// Copies float32 elements into this tensor, in memory order.
  public func copy(from elements: Span<Float>) {
    unsafe withFloats { own in
      precondition(elements.count == own.count, "\(elements.count) elements for a tensor of \(own.count)")
      unsafe elements.withUnsafeBufferPointer { elements in
        _ = unsafe own.update(fromContentsOf: elements)
      }
    }
  }

  /// Copies this tensor's float32 elements, in memory order.
  public func copy(into elements: inout MutableSpan<Float>) {
    unsafe withFloats { own in
      precondition(elements.count == own.count, "\(elements.count) elements for a tensor of \(own.count)")
      unsafe elements.withUnsafeMutableBufferPointer { elements in
        _ = unsafe elements.update(fromContentsOf: own)
      }
    }
  }
}
