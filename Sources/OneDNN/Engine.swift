import COneDNN

/// The CPU as a oneDNN engine, on which primitives are compiled and run.
@safe
public final class Engine: Sendable {
  // oneDNN allows the use of an engine by several threads at once.
  nonisolated(unsafe) let handle: dnnl_engine_t

  /// Creates the engine of the first CPU.
  public init() throws(DNNLError) {
    var handle: dnnl_engine_t?
    try check("dnnl_engine_create", unsafe dnnl_engine_create(&handle, dnnl_cpu, 0))
    unsafe self.handle = try created("dnnl_engine_create", handle)
  }

  deinit { unsafe dnnl_engine_destroy(handle) }
}

/// A queue of primitives that one thread executes; each thread has its own.
@safe
final class Stream {
  let handle: dnnl_stream_t

  /// Creates the stream of one thread.
  init(_ engine: Engine) throws(DNNLError) {
    var handle: dnnl_stream_t?
    try check(
      "dnnl_stream_create", unsafe dnnl_stream_create(&handle, engine.handle, dnnl_stream_default_flags.rawValue))
    unsafe self.handle = try created("dnnl_stream_create", handle)
  }

  deinit { unsafe dnnl_stream_destroy(handle) }
}

/// Makes oneDNN primitives and matrix products that the calling thread runs use this thread only.
///
/// The bits of weight gradients depend on the number of OpenMP threads; parallelism therefore comes from running whole
/// shards on one thread each. OpenMP stores the number of threads per calling thread, so every computing thread must
/// call this first.
public func useOneThreadPerPrimitive() {
  omp_set_num_threads(1)
}
