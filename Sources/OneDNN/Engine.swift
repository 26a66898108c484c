import COneDNN

/// The CPU that runs oneDNN primitives.
@safe
public final class Engine: Sendable {
  // oneDNN's engines may be used from several threads at once.
  nonisolated(unsafe) let handle: dnnl_engine_t

  /// Creates the engine of the first CPU.
  public init() throws(DNNLError) {
    var handle: dnnl_engine_t?
    try check("dnnl_engine_create", unsafe dnnl_engine_create(&handle, dnnl_cpu, 0))
    unsafe self.handle = try created("dnnl_engine_create", handle)
  }

  deinit { unsafe dnnl_engine_destroy(handle) }
}

/// The order in which one thread runs primitives.
///
/// Each thread has its own. A primitive runs to its end within `execute`, on the calling thread alone.
@safe
public final class Stream {
  let handle: dnnl_stream_t

  /// Creates a stream for the calling thread, whose primitives then use one OpenMP thread.
  ///
  /// Weight gradients have other bits on other numbers of OpenMP threads, so parallel work is whole shards on one thread each.
  public init(_ engine: Engine) throws(DNNLError) {
    var handle: dnnl_stream_t?
    try check(
      "dnnl_stream_create", unsafe dnnl_stream_create(&handle, engine.handle, dnnl_stream_default_flags.rawValue))
    unsafe self.handle = try created("dnnl_stream_create", handle)
  }

  deinit { unsafe dnnl_stream_destroy(handle) }
}

/// Makes the primitives and products that the calling thread runs use this thread alone.
///
/// OpenMP keeps the number for each thread, so every thread that computes calls this first.
public func useOneThreadPerPrimitive() {
  omp_set_num_threads(1)
}
