import Dispatch
import Synchronization

/// Calls `body` for every index below `count` on several threads and waits for all of them.
///
/// A thread takes the next index when it is idle, so that indices begin in ascending order. After an error, no further
/// index begins.
///
/// - Parameters:
///   - count: The number of indices.
///   - threads: The largest number of threads, at least 1.
///   - body: Receives an index and the number of its thread, below `threads`; two calls with the same thread number
///     never overlap.
/// - Throws: The error for the lowest index whose call threw one.
package func parallelFor<Failure: Error>(
  _ count: Int, threads: Int, _ body: @Sendable (_ index: Int, _ thread: Int) throws(Failure) -> Void
) throws(Failure) {
  let failure = Mutex<(index: Int, error: Failure)?>(nil)
  let next = Atomic(0)
  DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { thread in
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      do throws(Failure) {
        try body(index, thread)
      } catch {
        next.store(count, ordering: .relaxed)
        failure.withLock { first in
          if first.map({ first in first.index > index }) ?? true {
            first = (index, error)
          }
        }
        return
      }
    }
  }
  if let failure = failure.withLock({ failure in failure }) {
    throw failure.error
  }
}

/// Returns the results of `body` for every index below `count`, in order, computed in parallel.
///
/// - Throws: The error for the lowest index whose call threw one.
package func parallelMap<Element: Sendable, Failure: Error>(
  _ count: Int, threads: Int, _ body: @Sendable (_ index: Int, _ thread: Int) throws(Failure) -> Element
) throws(Failure) -> [Element] {
  let results = Mutex<[Element?]>(Array(repeating: nil, count: count))
  try parallelFor(count, threads: threads) { (index, thread) throws(Failure) in
    let element = try body(index, thread)
    results.withLock { results in results[index] = element }
  }
  return results.withLock { results in results.compactMap { element in element } }
}
