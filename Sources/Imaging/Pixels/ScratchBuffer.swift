/// A reusable memory buffer that grows on demand; its contents are lost when it grows.
@safe
struct ScratchBuffer<Element: BitwiseCopyable>: ~Copyable {
  private var elements = unsafe UnsafeMutableBufferPointer<Element>(start: nil, count: 0)

  deinit { unsafe elements.deallocate() }

  /// Returns a pointer to memory for at least `count` elements, with undefined values.
  mutating func room(for count: Int) -> UnsafeMutablePointer<Element> {
    if unsafe elements.count < count {
      unsafe elements.deallocate()
      unsafe elements = .allocate(capacity: count)
    }
    guard let address = unsafe elements.baseAddress else {
      preconditionFailure("room for \(count) elements")
    }
    return unsafe address
  }
}
