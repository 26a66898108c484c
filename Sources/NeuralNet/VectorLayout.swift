/// The initial value of a parameter or statistic.
public enum Initializer: Sendable, Equatable {
  /// The same value for all elements.
  case constant(Float)
  /// A normal distribution with mean 0 and standard deviation √(2 / fan-out), fan-out = out · kernel area (He and
  /// others 2015, equation 14).
  case kaimingFanOut
  /// A uniform distribution in ±1/√inputs, PyTorch's default for linear layers.
  case uniform(inputs: Int)
}

/// A named and shaped part (tensor) of a flat vector.
public struct VectorSlice: Sendable, Equatable {
  /// The name in the style of PyTorch, for example `encoder.layer1.0.conv1.weight`.
  public let name: String
  /// The shape; weights are `[out, in, kernel, kernel]` or `[out, in]`, row-major.
  public let shape: [Int]
  /// The range of the elements in the vector.
  public let range: Range<Int>
  /// The rule for the initial values.
  public let initializer: Initializer
}

/// The names, shapes and positions of the tensors in one flat vector: all parameters of a model, or all its running
/// statistics.
///
/// Gradients and momentum are vectors with the same layout as the parameters, so that one all-reduce, one optimizer
/// loop and one file format suffice for all of them.
public struct VectorLayout: Sendable, Equatable {
  /// The tensors in the order of their positions in the vector.
  public private(set) var slices: [VectorSlice] = []

  /// Creates an empty layout.
  public init() {}

  /// The number of elements of the vector.
  public var count: Int { slices.last?.range.upperBound ?? 0 }

  /// Divides the vector into consecutive ranges of whole tensors, as equal in length as the tensors allow.
  ///
  /// - Returns: One range for each part, which may be empty; together they are the vector.
  public func ranges(dividedInto parts: Int) -> [Range<Int>] {
    let bounds = [0] + slices.map(\.range.upperBound)
    let cuts = (0...parts).map { part in
      bounds.min { one, other in abs(one * parts - count * part) < abs(other * parts - count * part) } ?? 0
    }
    return zip(cuts, cuts.dropFirst()).map { lower, upper in lower..<upper }
  }

  /// Appends a tensor.
  ///
  /// - Precondition: No tensor in the layout has this name.
  public mutating func add(_ name: String, _ shape: [Int], _ initializer: Initializer) -> VectorSlice {
    precondition(!slices.contains { slice in slice.name == name }, "\(name) occurs twice in a layout")
    let start = count
    let slice = VectorSlice(
      name: name, shape: shape, range: start..<start + shape.reduce(1, *), initializer: initializer)
    slices.append(slice)
    return slice
  }
}

extension Range<Int> {
  /// Returns the range with both bounds decreased by `distance`.
  func shifted(down distance: Int) -> Range<Int> {
    lowerBound - distance..<upperBound - distance
  }
}
