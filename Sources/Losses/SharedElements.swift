/// A fixed-size array at a constant address, of which threads read all elements and write disjoint parts.
@safe
final class SharedElements<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The number of elements.
  let count: Int
  /// The address of the first element.
  let address: UnsafeMutablePointer<Element>

  init(repeating element: Element, count: Int) {
    self.count = count
    unsafe address = UnsafeMutablePointer.allocate(capacity: max(count, 1))
    unsafe address.initialize(repeating: element, count: count)
  }

  convenience init(_ elements: [Element], else element: Element) {
    self.init(repeating: element, count: elements.count)
    for index in elements.indices {
      self[index] = elements[index]
    }
  }

  deinit {
    unsafe address.deallocate()
  }

  subscript(index: Int) -> Element {
    get {
      precondition(0..<count ~= index, "element \(index) of \(count)")
      return unsafe address[index]
    }
    set {
      precondition(0..<count ~= index, "element \(index) of \(count)")
      unsafe address[index] = newValue
    }
  }

  /// Copies `elements` into this array, beginning at index `first`.
  func copy(_ elements: Span<Element>, to first: Int) {
    precondition(first >= 0 && first + elements.count <= count, "\(elements.count) elements at \(first) of \(count)")
    unsafe elements.withUnsafeBufferPointer { elements in
      guard let source = elements.baseAddress else { return }
      unsafe (address + first).update(from: source, count: elements.count)
    }
  }

  /// Calls `body` with all elements as a mutable span; no other thread may access them meanwhile.
  func withMutableSpan<Result, Failure: Error>(
    _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var span = unsafe UnsafeMutableBufferPointer(start: address, count: count).mutableSpan
    return try body(&span)
  }
}
