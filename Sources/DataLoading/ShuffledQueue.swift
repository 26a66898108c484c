import KeyedRandomness

/// A queue of items in random order that returns every item once before any item again.
///
/// When the queue is empty, the items are shuffled again. A call of ``next(_:)`` that spans this moment returns no item
/// twice: items that it already took from the old order are postponed to the next calls.
struct ShuffledQueue {
  private let items: [Int32]
  private var rest: ArraySlice<Int32> = []
  private var stream: RandomStream

  /// Creates a queue.
  ///
  /// - Parameters:
  ///   - items: The items, all different.
  ///   - stream: The random numbers for shuffling.
  init(_ items: [Int32], _ stream: RandomStream) {
    self.items = items
    self.stream = stream
  }

  /// Removes and returns the next `count` items, all different.
  ///
  /// - Precondition: `count` is at most the number of items.
  mutating func next(_ count: Int) -> [Int32] {
    precondition(count <= items.count, "\(count) of \(items.count) items")
    guard rest.count < count else {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    let old = Array(rest)
    let isOld = Set(old)
    let shuffled = items.shuffled(with: &stream)
    let new = shuffled.filter { item in !isOld.contains(item) }.prefix(count - old.count)
    let isNew = Set(new)
    let postponed = shuffled.filter { item in isOld.contains(item) }
    rest = (postponed + shuffled.filter { item in !isOld.contains(item) && !isNew.contains(item) })[...]
    return old + new
  }
}
