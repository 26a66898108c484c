import Glibc

/// A flat vector of float32 numbers, such as the parameters of a model, in memory of this process or in memory that
/// several processes share.
///
/// It is a reference: whoever has it sees every change. Nobody may read elements while another thread or process
/// changes them. The compiler cannot check that (`@unchecked`): users change disjoint ranges, and wait for each other
/// before they read.
@safe
public final class FlatVector: @unchecked Sendable {
  /// The number of elements.
  public let count: Int

  @usableFromInline let start: UnsafeMutablePointer<Float>
  /// The object that keeps the memory alive; `nil` for memory of the vector's own.
  private let owner: AnyObject?

  /// Creates a vector of zeros in memory of its own; of a long one, the parts that are never written take no memory.
  public init(count: Int) {
    guard let memory = unsafe calloc(Swift.max(count, 1), MemoryLayout<Float>.stride) else {
      fatalError("no memory for a vector of \(count) numbers")
    }
    self.count = count
    unsafe start = memory.bindMemory(to: Float.self, capacity: count)
    owner = nil
  }

  /// Creates a vector in the memory of another object.
  ///
  /// - Parameters:
  ///   - count: The number of elements.
  ///   - start: The address of the first element, which is initialized.
  ///   - owner: The object whose memory it is, which is kept alive.
  @unsafe public init(count: Int, at start: UnsafeMutablePointer<Float>, of owner: AnyObject) {
    self.count = count
    unsafe self.start = start
    self.owner = owner
  }

  /// Copies numbers into a vector in memory of its own.
  public convenience init(_ elements: some Collection<Float>) {
    self.init(count: elements.count)
    replace(0..<count, with: elements)
  }

  deinit {
    if owner == nil {
      unsafe free(start)
    }
  }

  // Inlinable, so that loops over the elements in other modules are vectorized.

  /// Calls `body` with the elements.
  @inlinable
  public func withSpan<Result, Failure: Error>(
    _ body: (Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe Span(_unsafeStart: start, count: count))
  }

  /// Calls `body` with the elements of a range, to read or to change them.
  ///
  /// - Precondition: The range is within the vector.
  @inlinable
  public func withMutableSpan<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    checkBounds(range)
    var elements = unsafe MutableSpan(_unsafeStart: start + range.lowerBound, count: range.count)
    return try body(&elements)
  }

  /// Replaces the elements of a range.
  ///
  /// - Precondition: The range is within the vector, and there are as many new elements.
  public func replace(_ range: Range<Int>, with elements: some Collection<Float>) {
    checkBounds(range)
    precondition(elements.count == range.count, "\(elements.count) numbers for \(range.count)")
    let target = unsafe UnsafeMutableBufferPointer(start: start + range.lowerBound, count: range.count)
    _ = unsafe target.update(fromContentsOf: elements)
  }

  /// Copies the elements of a range from another vector of this length, which may be this one.
  ///
  /// - Precondition: The range is within both vectors.
  public func copy(_ range: Range<Int>, from other: FlatVector) {
    checkBounds(range)
    other.checkBounds(range)
    guard unsafe start != other.start else { return }
    unsafe (start + range.lowerBound).update(from: other.start + range.lowerBound, count: range.count)
  }

  @usableFromInline func checkBounds(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) of a vector of \(count)")
  }
}

extension FlatVector: RandomAccessCollection {
  /// The index of the first element, 0.
  public var startIndex: Int { 0 }
  /// The index after that of the last element.
  public var endIndex: Int { count }

  /// One element.
  public subscript(index: Int) -> Float {
    get {
      precondition(indices.contains(index), "element \(index) of a vector of \(count)")
      return unsafe start[index]
    }
    set {
      precondition(indices.contains(index), "element \(index) of a vector of \(count)")
      unsafe start[index] = newValue
    }
  }
}

extension FlatVector: Equatable {
  /// Returns true if two vectors have the same elements.
  public static func == (one: FlatVector, other: FlatVector) -> Bool { one.elementsEqual(other) }
}
