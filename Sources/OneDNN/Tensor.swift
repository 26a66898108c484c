import COneDNN
import Synchronization

/// The memory of a tensor: 64-byte aligned and owned by it, shared with other tensors, or that of a caller's elements.
@safe
public final class Tensor {
  let layout: TensorLayout
  /// The size of the memory in bytes.
  public let byteCount: Int

  private let memory: dnnl_memory_t
  /// The memory owned by the tensor; `nil` if it is shared.
  private let storage: UnsafeMutableRawPointer?
  /// The memory shared with other tensors; `nil` if the tensor owns its memory.
  private let shared: DeferredMemory?
  /// The position of the tensor in the shared memory, in bytes.
  private let position: Int
  /// The address of the memory that the tensor does not own and that was passed to oneDNN.
  private var boundAddress: UnsafeMutableRawPointer?

  private static let livingBytes = Atomic(0)

  /// The total number of bytes of all tensors of this process.
  public static var livingByteCount: Int {
    livingBytes.load(ordering: .relaxed) + DeferredMemory.plannedByteCount
  }

  /// Allocates zeroed memory with a layout.
  init(_ engine: Engine, _ layout: TensorLayout) throws(DNNLError) {
    self.layout = layout
    byteCount = max(layout.byteCount, 1)
    shared = nil
    position = 0
    let storage = unsafe allocateZeroed(byteCount: byteCount)
    unsafe self.storage = storage
    do throws(DNNLError) {
      unsafe memory = try Self.makeMemory(engine, layout, storage)
    } catch {
      unsafe storage.deallocate()
      throw error
    }
    Self.livingBytes.wrappingAdd(byteCount, ordering: .relaxed)
  }

  /// Creates a tensor in shared memory, whose contents are valid until another tensor in it is written.
  ///
  /// - Parameters:
  ///   - engine: The oneDNN engine.
  ///   - layout: The shape and memory layout.
  ///   - shared: The memory, enlarged if necessary.
  ///   - position: The first byte in the memory, a multiple of 64.
  /// - Throws: `DNNLError` if oneDNN refuses the layout.
  init(
    _ engine: Engine, _ layout: TensorLayout, in shared: DeferredMemory, at position: Int = 0
  ) throws(DNNLError) {
    self.layout = layout
    byteCount = max(layout.byteCount, 1)
    unsafe storage = nil
    let fits = shared.reserve(position + byteCount)
    self.shared = fits ? shared : DeferredMemory(byteCount: byteCount)
    self.position = fits ? position : 0
    unsafe memory = try Self.makeMemory(engine, layout, nil)
  }

  /// Creates a tensor without memory, which is used within ``over(_:_:)`` alone.
  init(_ engine: Engine, borrowingWith layout: TensorLayout) throws(DNNLError) {
    self.layout = layout
    byteCount = layout.byteCount
    unsafe storage = nil
    shared = nil
    position = 0
    unsafe memory = try Self.makeMemory(engine, layout, nil)
  }

  private static func makeMemory(
    _ engine: Engine, _ layout: TensorLayout, _ storage: UnsafeMutableRawPointer?
  ) throws(DNNLError) -> dnnl_memory_t {
    var memory: dnnl_memory_t?
    let status = unsafe conednn_memory_create(&memory, layout.handle, engine.handle, storage)
    try check("dnnl_memory_create", status)
    return unsafe try created("dnnl_memory_create", memory)
  }

  /// Allocates a zeroed batch of feature maps.
  public convenience init(_ engine: Engine, _ shape: ActivationShape, _ precision: Precision) throws(DNNLError) {
    try self.init(engine, TensorLayout(shape, precision))
  }

  /// Allocates scratch memory of `scratchByteCount` bytes.
  convenience init(_ engine: Engine, scratchByteCount: Int) throws(DNNLError) {
    try self.init(engine, TensorLayout(rowMajor: [max(scratchByteCount, 1)], dnnl_u8))
  }

  /// Creates a batch of feature maps in memory that is shared with other tensors, from a position in bytes on.
  public convenience init(
    _ engine: Engine, _ shape: ActivationShape, _ precision: Precision, in shared: DeferredMemory, at position: Int = 0
  ) throws(DNNLError) {
    try self.init(engine, TensorLayout(shape, precision), in: shared, at: position)
  }

  deinit {
    unsafe dnnl_memory_destroy(memory)
    if let storage = unsafe storage {
      Self.livingBytes.wrappingSubtract(byteCount, ordering: .relaxed)
      unsafe storage.deallocate()
    }
  }

  /// oneDNN's handle, with the current address of the memory.
  var handle: dnnl_memory_t {
    get throws(DNNLError) {
      // If several threads read a tensor, one of them has written it before and thereby set the address.
      if shared != nil {
        let address = unsafe address
        if unsafe boundAddress != address {
          try check("dnnl_memory_set_data_handle", unsafe conednn_memory_set_address(memory, address))
          unsafe boundAddress = address
        }
      }
      return unsafe memory
    }
  }

  /// Calls `body` while the memory of a tensor that has none is that of `elements`, which `body` only reads.
  func over<Result>(_ elements: Span<Float>, _ body: () throws(DNNLError) -> Result) throws(DNNLError) -> Result {
    precondition(elements.count * MemoryLayout<Float>.size == byteCount, "\(elements.count) elements for a tensor")
    return try unsafe elements.withUnsafeBufferPointer { elements throws(DNNLError) in
      try unsafe over(UnsafeMutableRawPointer(mutating: elements.baseAddress), body)
    }
  }

  /// Calls `body` while the memory of a tensor that has none is that of `elements`.
  func over<Result>(
    _ elements: inout MutableSpan<Float>, _ body: () throws(DNNLError) -> Result
  ) throws(DNNLError) -> Result {
    precondition(elements.count * MemoryLayout<Float>.size == byteCount, "\(elements.count) elements for a tensor")
    return try unsafe elements.withUnsafeMutableBufferPointer { elements throws(DNNLError) in
      try unsafe over(UnsafeMutableRawPointer(elements.baseAddress), body)
    }
  }

  private func over<Result>(
    _ address: UnsafeMutableRawPointer?, _ body: () throws(DNNLError) -> Result
  ) throws(DNNLError) -> Result {
    precondition(unsafe storage == nil && shared == nil, "the tensor has memory of its own")
    try check("dnnl_memory_set_data_handle", unsafe conednn_memory_set_address(memory, address))
    return try body()
  }

  private var bytes: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: address, count: byteCount)
  }

  /// Calls `body` with the bytes of the tensor.
  public func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    try unsafe body(bytes)
  }

  /// True if no element is NaN or infinite; the elements are float32 or bfloat16.
  public var isFinite: Bool {
    // An exponent of all ones means infinity or NaN.
    switch layout.elementType {
    case dnnl_f32:
      unsafe bytes.bindMemory(to: UInt32.self).allSatisfy { bits in bits & 0x7f80_0000 != 0x7f80_0000 }
    case dnnl_bf16: unsafe bytes.bindMemory(to: UInt16.self).allSatisfy { bits in bits & 0x7f80 != 0x7f80 }
    default: preconditionFailure("the tensor holds neither float32 nor bfloat16")
    }
  }

  /// The address of the first byte, valid for the lifetime of the tensor.
  @unsafe public var address: UnsafeMutableRawPointer {
    if let storage = unsafe storage {
      return unsafe storage
    }
    guard let shared else { preconditionFailure("a tensor without memory") }
    return unsafe shared.address + position
  }

  /// Calls `body` with the elements of a float32 tensor, in memory order.
  public func withFloats<Result>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> Result) rethrows -> Result {
    precondition(layout.elementType == dnnl_f32, "the tensor does not hold float32")
    return try unsafe body(bytes.assumingMemoryBound(to: Float.self))
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
