import COneDNN
import Synchronization

/// Memory that primitives read and write, 64-byte aligned, owned.
@safe
public final class Tensor {
  let handle: dnnl_memory_t
  let descriptor: MemoryDescriptor
  private let storage: UnsafeMutableRawBufferPointer

  private static let livingBytes = Atomic(0)

  /// How many bytes all tensors of this process take together.
  public static var livingByteCount: Int { livingBytes.load(ordering: .relaxed) }

  /// Allocates zeroed memory for a descriptor.
  init(_ engine: Engine, _ descriptor: MemoryDescriptor) throws(DNNLError) {
    self.descriptor = descriptor
    let byteCount = max(descriptor.byteCount, 1)
    unsafe storage = .allocate(byteCount: byteCount, alignment: 64)
    unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
    var raw = descriptor.raw
    var handle: dnnl_memory_t?
    let status = unsafe dnnl_memory_create(&handle, &raw, engine.handle, storage.baseAddress)
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
    try self.init(engine, MemoryDescriptor(shape, precision))
  }

  /// Allocates a zeroed row-major float32 array.
  public convenience init(_ engine: Engine, rowMajor extents: [Int]) throws(DNNLError) {
    try self.init(engine, MemoryDescriptor(rowMajor: extents, dnnl_f32))
  }

  /// Allocates scratch memory of a number of bytes.
  public convenience init(_ engine: Engine, scratchByteCount: Int) throws(DNNLError) {
    try self.init(engine, MemoryDescriptor(rowMajor: [max(scratchByteCount, 1)], dnnl_u8))
  }

  deinit {
    Self.livingBytes.wrappingSubtract(byteCount, ordering: .relaxed)
    unsafe dnnl_memory_destroy(handle)
    unsafe storage.deallocate()
  }

  /// The number of bytes that the memory takes.
  public var byteCount: Int { unsafe storage.count }

  /// Lends the bytes.
  public func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    try unsafe body(storage)
  }

  /// Whether every element, float32 or bfloat16, is a finite number.
  public var isFinite: Bool {
    // All ones in the exponent: infinite, or not a number.
    switch descriptor.raw.data_type {
    case dnnl_f32:
      unsafe storage.bindMemory(to: UInt32.self).allSatisfy { bits in bits & 0x7f80_0000 != 0x7f80_0000 }
    case dnnl_bf16: unsafe storage.bindMemory(to: UInt16.self).allSatisfy { bits in bits & 0x7f80 != 0x7f80 }
    default: preconditionFailure("the tensor holds neither float32 nor bfloat16")
    }
  }

  /// Where the bytes begin, for as long as the tensor lives.
  @unsafe public var address: UnsafeMutableRawPointer {
    // Storage of at least one byte was allocated.
    unsafe storage.baseAddress.unsafelyUnwrapped
  }

  /// Lends the elements of float32 memory, in the order in which they lie.
  public func withFloats<Result>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> Result) rethrows -> Result {
    precondition(descriptor.raw.data_type == dnnl_f32, "the tensor does not hold float32")
    return try unsafe body(storage.assumingMemoryBound(to: Float.self))
  }

  /// Copies float32 elements into this tensor, in the order in which they lie.
  public func copy(from elements: Span<Float>) {
    unsafe withFloats { own in
      precondition(elements.count == own.count, "\(elements.count) elements for a tensor of \(own.count)")
      unsafe elements.withUnsafeBufferPointer { elements in
        _ = unsafe own.update(fromContentsOf: elements)
      }
    }
  }

  /// Copies this tensor's float32 elements, in the order in which they lie.
  public func copy(into elements: inout MutableSpan<Float>) {
    unsafe withFloats { own in
      precondition(elements.count == own.count, "\(elements.count) elements for a tensor of \(own.count)")
      unsafe elements.withUnsafeMutableBufferPointer { elements in
        _ = unsafe elements.update(fromContentsOf: own)
      }
    }
  }
}
