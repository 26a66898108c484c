/// Memory that grows as needed and keeps nothing when it does; for numbers only.
@safe
struct ScratchBuffer<Element: BitwiseCopyable>: ~Copyable {
  private var elements = unsafe UnsafeMutableBufferPointer<Element>(start: nil, count: 0)

  deinit { unsafe elements.deallocate() }

  /// The address of room for at least `count` elements, whose values are undefined.
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
