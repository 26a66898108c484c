/// The initial value of a parameter or statistic.
public enum Initializer: Sendable, Equatable {
  /// Every element has this value.
  case constant(Float)
  /// Normal with mean 0 and standard deviation √(2 / fan-out), fan-out = out · kernel area (He and others 2015, equation 14).
  case kaimingFanOut
  /// Uniform in ±1/√inputs, PyTorch's for weights and biases of linear layers.
  case uniform(inputs: Int)
}

/// One named, shaped part of a flat vector.
public struct VectorSlice: Sendable, Equatable {
  /// The name in PyTorch's style, for example `encoder.layer1.0.conv1.weight`.
  public let name: String
  /// The extents, row-major; weights are `[out, in, kernel, kernel]` or `[out, in]`.
  public let shape: [Int]
  /// The places of the elements in the vector.
  public let range: Range<Int>
  /// The initial value.
  public let initializer: Initializer
}

/// The parts of one flat vector: all parameters of a model, or all its running statistics.
///
/// Gradients and momentum are vectors of the same layout as the parameters, so that one reduction, one optimizer loop and one
/// dump serve them all.
public struct VectorLayout: Sendable, Equatable {
  /// The parts in order.
  public private(set) var slices: [VectorSlice] = []

  /// An empty layout.
  public init() {}

  /// The number of elements.
  public var count: Int { slices.last?.range.upperBound ?? 0 }

  /// Appends a part.
  ///
  /// - Precondition: No part has this name.
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
  /// The range whose bounds are lower by `distance`.
  func shifted(down distance: Int) -> Range<Int> {
    lowerBound - distance..<upperBound - distance
  }
}
