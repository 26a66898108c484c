/// A memory buffer that grows as needed and loses its contents when it does.
@safe
struct ScratchBuffer<Element: BitwiseCopyable>: ~Copyable {
  private var elements = unsafe UnsafeMutableBufferPointer<Element>(start: nil, count: 0)

  deinit { unsafe elements.deallocate() }

  /// Returns the address of memory for at least `count` elements with undefined values.
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
