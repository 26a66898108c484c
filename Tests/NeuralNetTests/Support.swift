import Foundation
import NeuralNet
import OneDNN

// MARK: - Numbers that scripts/make-fixtures.py computes too

/// Numbers from `amplitude` · [−0.5, 0.5), the same for the same name on both sides, bit for bit.
func noise(_ name: String, _ count: Int, amplitude: Double = 1) -> [Float] {
  let seed = hashSeed(name)
  let amplitude = Float(amplitude)
  return (0..<count).map { index in (Float(hash(seed, index) >> 8) * 0x1p-24 - 0.5) * amplitude }
}

/// FNV-1a, 32 bits.
private func hashSeed(_ name: String) -> UInt32 {
  name.utf8.reduce(2_166_136_261) { hash, byte in (hash ^ UInt32(byte)) &* 16_777_619 }
}

/// The 32-bit finaliser "lowbias32" over a Weyl sequence.
private func hash(_ seed: UInt32, _ index: Int) -> UInt32 {
  var x = seed &+ UInt32(truncatingIfNeeded: index) &* 0x9E37_79B9
  x ^= x >> 16
  x &*= 0x7FEB_352D
  x ^= x >> 15
  x &*= 0x846C_A68B
  return x ^ x >> 16
}

// MARK: - PyTorch's results

/// The summary of an array computed by PyTorch in float64.
struct Reference: Decodable, Sendable {
  let count: Int
  let norm: Double
  /// The dot product with `noise("projection")`, which sees every element.
  let projection: Double
  /// The elements at 16 fixed positions.
  let elements: [Double]

  /// The sum of the relative errors of norm, projection and elements; a sum, because `max` can lose a NaN.
  ///
  /// Each is relative to the whole array: a single small element may be the difference of large numbers.
  func error(of actual: [Float]) -> Double {
    guard actual.count == count else { return .infinity }
    let noise = noise("projection", count)
    var sumOfSquares = 0.0
    var projection = 0.0
    for (value, weight) in zip(actual, noise) {
      sumOfSquares += Double(value) * Double(value)
      projection += Double(value) * Double(weight)
    }
    let seed = hashSeed("positions")
    var squaredDifferences = 0.0
    for (index, expected) in elements.enumerated() {
      let position = Int(hash(seed, index)) % count
      squaredDifferences += (Double(actual[position]) - expected) * (Double(actual[position]) - expected)
    }
    let elementSize = norm / Double(count).squareRoot()
    return abs(sumOfSquares.squareRoot() - norm) / norm + abs(projection - self.projection) / norm
      + (squaredDifferences / Double(elements.count)).squareRoot() / elementSize
  }
}

/// Reads what scripts/make-fixtures.py wrote.
func fixture<Content: Decodable>(_ name: String) throws -> Content {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
  return try JSONDecoder().decode(Content.self, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
}

// MARK: - Finite differences

/// The relative error of a gradient against central differences of `loss` along eight directions of noise.
///
/// ‖numeric − analytic‖ / ‖analytic‖ over the vector of the eight directional derivatives, so that one that is small by
/// chance does no harm. Sums are in Double, and the analytic side takes the steps as float32 rounded them; what is left
/// is the layer's rounding, about 10⁻⁷ / `step` for numbers of size 1, and for curved functions about `step`². A
/// gradient that is wrong by a factor of 1.01 misses by 10⁻².
func gradientError(
  _ gradient: [Float], at point: [Float], step: Double, loss: ([Float]) throws -> Double
) throws -> Double {
  var squaredDifferences = 0.0
  var squares = 0.0
  for direction in 0..<8 {
    let move = noise("direction \(direction)", point.count, amplitude: 2 * step)
    let ahead = zip(point, move).map { value, move in value + move }
    let behind = zip(point, move).map { value, move in value - move }
    let numeric = try loss(ahead) - loss(behind)
    var analytic = 0.0
    for index in gradient.indices {
      analytic += Double(gradient[index]) * (Double(ahead[index]) - Double(behind[index]))
    }
    squaredDifferences += (numeric - analytic) * (numeric - analytic)
    squares += analytic * analytic
  }
  return (squaredDifferences / squares).squareRoot()
}

/// The sum of products in Double: a loss whose gradient is `weights`.
func dot(_ values: [Float], _ weights: [Float]) -> Double {
  zip(values, weights).reduce(0) { sum, pair in sum + Double(pair.0) * Double(pair.1) }
}

// MARK: - Feature maps

/// The engine and one thread's context, on the thread of the test that makes it.
struct Bench {
  let engine: Engine
  let execution: ExecutionContext

  init() throws {
    useOneThreadPerPrimitive()
    engine = try Engine()
    execution = try ExecutionContext(engine)
  }

  /// A tensor of zeros, or of `values` in the order `[image][channel][row][column]`.
  func tensor(_ shape: ActivationShape, _ values: [Float]? = nil) throws -> Tensor {
    let tensor = try Tensor(engine, shape, .float32)
    if let values {
      tensor.setMaps(values, shape)
    }
    return tensor
  }

  /// The same in bfloat16, rounded to the nearest.
  func bfloat16Tensor(_ shape: ActivationShape, _ values: [Float]) throws -> Tensor {
    let tensor = try Tensor(engine, shape, .bfloat16)
    try Reorder(engine, execution, from: self.tensor(shape), to: tensor).execute(
      from: self.tensor(shape, values), to: tensor)
    return tensor
  }

  /// A bfloat16 tensor's values in the order `[image][channel][row][column]`.
  func maps(_ tensor: Tensor, _ shape: ActivationShape) throws -> [Float] {
    let wide = try self.tensor(shape)
    try Reorder(engine, execution, from: tensor, to: wide).execute(from: tensor, to: wide)
    return wide.maps(shape)
  }
}

extension Tensor {
  /// Takes `values` in the order `[image][channel][row][column]`.
  func setMaps(_ values: [Float], _ shape: ActivationShape) {
    precondition(values.count == shape.count, "\(values.count) values for \(shape.count)")
    unsafe withFloats { floats in
      for (value, place) in zip(values, places(of: shape)) {
        unsafe floats[place] = value
      }
    }
  }

  /// The values in the order `[image][channel][row][column]`.
  func maps(_ shape: ActivationShape) -> [Float] {
    unsafe withFloats { floats in places(of: shape).map { place in unsafe floats[place] } }
  }

  private func places(of shape: ActivationShape) -> [Int] {
    var places: [Int] = []
    places.reserveCapacity(shape.count)
    for image in 0..<shape.batch {
      for channel in 0..<shape.channels {
        for row in 0..<shape.height {
          let start = shape.offset(image: image, channel: channel, row: row)
          places.append(contentsOf: (0..<shape.width).map { column in start + column * shape.columnStride })
        }
      }
    }
    return places
  }
}
