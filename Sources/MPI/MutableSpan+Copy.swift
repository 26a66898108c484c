extension MutableSpan where Element: BitwiseCopyable {
  /// Copies the elements of another span into this one.
  ///
  /// - Precondition: Both have the same length.
  public mutating func copy(from source: Span<Element>) {
    precondition(source.count == count, "\(source.count) elements for \(count)")
    unsafe source.withUnsafeBufferPointer { source in
      unsafe withUnsafeMutableBufferPointer { target in
        _ = unsafe target.update(fromContentsOf: source)
      }
    }
  }
}
