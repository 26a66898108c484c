import KeyedRandomness

/// Items in random order, all of them before one comes again.
///
/// When the items are used up, they are shuffled anew. A call of ``next(_:)`` that spans this moment returns no item twice: the items that it
/// already holds come first in the calls after it.
struct ShuffledQueue {
  private let items: [Int32]
  private var rest: ArraySlice<Int32> = []
  private var stream: RandomStream

  /// Creates a queue.
  ///
  /// - Parameters:
  ///   - items: The items, all different.
  ///   - stream: The draws of its shuffles.
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
