/// A number type that can be summed along a ``ShardTree``.
///
/// The loops are protocol requirements, so that each type has its own version, which the compiler vectorizes.
public protocol TreeElement: MPIElement {
  /// Adds `addend` to `sums`, element by element.
  static func accumulate(_ addend: Span<Self>, into sums: inout MutableSpan<Self>)

  /// Stores the sums of `first` and `second`, element by element.
  static func add(_ first: Span<Self>, _ second: Span<Self>, into sums: inout MutableSpan<Self>)
}

extension Float: TreeElement {
  /// Adds `addend` to `sums`, element by element.
  public static func accumulate(_ addend: Span<Float>, into sums: inout MutableSpan<Float>) {
    accumulateElements(addend, into: &sums)
  }

  /// Stores the sums of `first` and `second`, element by element.
  public static func add(_ first: Span<Float>, _ second: Span<Float>, into sums: inout MutableSpan<Float>) {
    addElements(first, second, into: &sums)
  }
}

extension Double: TreeElement {
  /// Adds `addend` to `sums`, element by element.
  public static func accumulate(_ addend: Span<Double>, into sums: inout MutableSpan<Double>) {
    accumulateElements(addend, into: &sums)
  }

  /// Stores the sums of `first` and `second`, element by element.
  public static func add(_ first: Span<Double>, _ second: Span<Double>, into sums: inout MutableSpan<Double>) {
    addElements(first, second, into: &sums)
  }
}

@inline(__always)
private func accumulateElements<Element: AdditiveArithmetic>(
  _ addend: Span<Element>, into sums: inout MutableSpan<Element>
) {
  precondition(addend.count == sums.count, "vectors of \(addend.count) and \(sums.count) elements")
  unsafe addend.withUnsafeBufferPointer { addend in
    unsafe sums.withUnsafeMutableBufferPointer { sums in
      for index in 0..<addend.count {
        unsafe sums[index] += addend[index]
      }
    }
  }
}

@inline(__always)
private func addElements<Element: AdditiveArithmetic>(
  _ first: Span<Element>, _ second: Span<Element>, into sums: inout MutableSpan<Element>
) {
  precondition(
    first.count == sums.count && second.count == sums.count,
    "vectors of \(first.count), \(second.count) and \(sums.count) elements")
  unsafe first.withUnsafeBufferPointer { first in
    unsafe second.withUnsafeBufferPointer { second in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        for index in 0..<first.count {
          unsafe sums[index] = first[index] + second[index]
        }
      }
    }
  }
}
