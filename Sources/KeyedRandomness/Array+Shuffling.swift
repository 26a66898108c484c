extension Array where Element == Int32 {
  /// Returns the elements in random order (Fisher-Yates shuffle).
  package func shuffled(with stream: inout RandomStream) -> [Int32] {
    var order = self
    for last in Swift.stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, stream.nextInteger(below: last + 1))
    }
    return order
  }
}
