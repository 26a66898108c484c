import Dispatch
import Formats
import Synchronization

/// The results of `body` for each number, computed by several threads.
///
/// - Throws: The error of the first number, in their order, that has one.
func parallelMap<Element: Sendable>(
  _ numbers: Range<Int>, _ threads: Int, _ body: @Sendable (Int) throws(FileError) -> Element
) throws(FileError) -> [Element] {
  let results = Mutex<([Element?], (number: Int, error: FileError)?)>(
    (Array(repeating: nil, count: numbers.count), nil))
  let taken = Atomic(numbers.lowerBound)
  DispatchQueue.concurrentPerform(iterations: min(threads, max(numbers.count, 1))) { _ in
    while true {
      let number = taken.wrappingAdd(1, ordering: .relaxed).oldValue
      guard number < numbers.upperBound else { return }
      do throws(FileError) {
        let element = try body(number)
        results.withLock { results in results.0[number - numbers.lowerBound] = element }
      } catch {
        // The first in the order of the numbers, whichever thread finds one first; later numbers are not computed.
        results.withLock { results in
          if results.1.map({ earlier in earlier.number > number }) ?? true {
            results.1 = (number, error)
          }
        }
        taken.store(numbers.upperBound, ordering: .relaxed)
        return
      }
    }
  }
  let (elements, failure) = results.withLock { results in results }
  if let failure {
    throw failure.error
  }
  return elements.compactMap { element in element }
}
