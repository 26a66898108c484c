import KeyedRandomness

/// Items that are dealt in random order, all of them before one comes again.
///
/// When the items are used up they are shuffled anew. A hand that reaches over that moment never holds an item twice: what it has already
/// is laid aside and comes right after it.
struct ShuffledQueue {
  private let items: [Int32]
  private var rest: ArraySlice<Int32> = []
  private var stream: RandomStream

  /// A deck.
  ///
  /// - Parameters:
  ///   - items: The items, no two of them the same.
  ///   - stream: The draws of its shuffles.
  init(_ items: [Int32], _ stream: RandomStream) {
    self.items = items
    self.stream = stream
  }

  /// The next `count` items, no two of them the same.
  ///
  /// - Precondition: The deck has so many.
  mutating func deal(_ count: Int) -> [Int32] {
    precondition(count <= items.count, "\(count) of \(items.count) items")
    guard rest.count < count else {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    var hand = Array(rest)
    let held = Set(hand)
    let shuffled = items.shuffled(with: &stream)
    let dealt = shuffled.filter { item in !held.contains(item) }.prefix(count - hand.count)
    hand += dealt
    let isDealt = Set(dealt)
    let (aside, later) = (
      shuffled.filter { item in held.contains(item) },
      shuffled.filter { item in !held.contains(item) && !isDealt.contains(item) }
    )
    rest = (aside + later)[...]
    return hand
  }
}

extension Array where Element == Int32 {
  /// The elements in random order (Fisher and Yates' shuffle).
  func shuffled(with stream: inout RandomStream) -> [Int32] {
    var order = self
    for last in Swift.stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, stream.nextInteger(below: last + 1))
    }
    return order
  }
}
