/// The advice to use more threads, for a run of one process whose number of threads was not given.
package enum ThreadAdvice {
  /// Returns the advice to give.
  ///
  /// - Parameters:
  ///   - threads: The number of computing threads.
  ///   - processors: The number of CPUs that the process may use.
  ///   - shards: The number of shards of a batch, each of which one thread computes.
  /// - Returns: The advice; `nil` if the process has several threads already, or nothing for more of them to do.
  package static func text(threads: Int, processors: Int, shards: Int) -> String? {
    let usable = min(processors, shards)
    guard threads == 1, usable > 1 else { return nil }
    return "computes on 1 of \(processors) CPUs; --threads \(usable) is faster, with the same weights"
  }
}
