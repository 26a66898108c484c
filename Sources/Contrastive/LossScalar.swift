import Glibc
import MPI
import OneDNN

/// A type that the loss can be computed in: `Float` in training, `Double` to check it.
///
/// The two share ``ContrastiveTiles``; only the products and the exponential differ. The requirements are calls the size of an
/// anchor block, so that the loops inside are compiled for the type itself.
public protocol LossScalar: BinaryFloatingPoint, Codable, SIMDScalar, TreeElement
where SIMDMaskScalar: FixedWidthInteger {
  /// e^x.
  static func exponential(_ exponent: Self) -> Self

  /// tile ← scale · rows · columnsᵀ.
  @unsafe static func similarities(
    rows: UnsafePointer<Self>, rowCount: Int, columns: UnsafePointer<Self>, columnCount: Int, width: Int, scale: Self,
    into tile: UnsafeMutablePointer<Self>)

  /// sums ← sums + tile · columns.
  @unsafe static func accumulate(
    tile: UnsafePointer<Self>, rowCount: Int, columns: UnsafePointer<Self>, columnCount: Int, width: Int,
    into sums: UnsafeMutablePointer<Self>)

  /// ``ContrastiveTiles/logSumExps(rows:scratch:into:)``, compiled for this type.
  @unsafe static func logSumExps(
    _ tiles: ContrastiveTiles<Self>, rows: Range<Int>, scratch: UnsafeMutablePointer<Self>,
    into logSumExps: UnsafeMutablePointer<Self>)

  /// ``ContrastiveTiles/gradients(rows:weights:scratch:into:)``, compiled for this type.
  @unsafe static func gradients(
    _ tiles: ContrastiveTiles<Self>, rows: Range<Int>, weights: RowWeights<Self>, scratch: UnsafeMutablePointer<Self>,
    into gradients: UnsafeMutablePointer<Self>)
}

extension Float: LossScalar {
  /// e^x to about 2 ulp for −87 ≤ x ≤ 88, without a branch or a call so that loops over it vectorise; below −87 about 10⁻³⁸.
  ///
  /// x = n ln 2 + r, |r| ≤ ½ ln 2; e^r by Taylor's polynomial of degree 7, whose remainder there is below 10⁻⁸; 2^n by its bits.
  @inline(__always)
  public static func exponential(_ exponent: Float) -> Float {
    let clamped = exponent < -87 ? -87 : exponent
    // Adding 1.5 · 2²³ rounds to an integer, which then stands in the low bits.
    let rounder: Float = 0x1.8p23
    let shifted = clamped * 1.442_695_040_9 + rounder
    let power = shifted - rounder
    // ln 2 in two parts; power times the first is exact.
    let rest = (clamped - power * 0.693_359_375) + power * 2.121_944_4e-4
    var series: Float = 1.0 / 5040
    series = series * rest + 1.0 / 720
    series = series * rest + 1.0 / 120
    series = series * rest + 1.0 / 24
    series = series * rest + 1.0 / 6
    series = series * rest + 0.5
    series = series * rest + 1
    series = series * rest + 1
    let scale = Float(bitPattern: (shifted.bitPattern &+ 127) &<< 23)
    return series * scale
  }

  /// One matrix product by oneDNN.
  @unsafe public static func similarities(
    rows: UnsafePointer<Float>, rowCount: Int, columns: UnsafePointer<Float>, columnCount: Int, width: Int,
    scale: Float, into tile: UnsafeMutablePointer<Float>
  ) {
    product {
      () throws(DNNLError) in
      try unsafe multiply(
        rows: rowCount, columns: columnCount, depth: width, alpha: scale, rows, stride: width, .none,
        columns, stride: width, .transposed, into: tile, stride: columnCount)
    }
  }

  /// One matrix product by oneDNN.
  @unsafe public static func accumulate(
    tile: UnsafePointer<Float>, rowCount: Int, columns: UnsafePointer<Float>, columnCount: Int, width: Int,
    into sums: UnsafeMutablePointer<Float>
  ) {
    product {
      () throws(DNNLError) in
      try unsafe multiply(
        rows: rowCount, columns: width, depth: columnCount, tile, stride: columnCount, .none, columns, stride: width,
        .none, beta: 1, into: sums, stride: width)
    }
  }

  /// The tiles' loop in float32.
  @unsafe public static func logSumExps(
    _ tiles: ContrastiveTiles<Float>, rows: Range<Int>, scratch: UnsafeMutablePointer<Float>,
    into logSumExps: UnsafeMutablePointer<Float>
  ) {
    unsafe tiles.logSumExps(rows: rows, scratch: scratch, into: logSumExps)
  }

  /// The tiles' loop in float32.
  @unsafe public static func gradients(
    _ tiles: ContrastiveTiles<Float>, rows: Range<Int>, weights: RowWeights<Float>,
    scratch: UnsafeMutablePointer<Float>, into gradients: UnsafeMutablePointer<Float>
  ) {
    unsafe tiles.gradients(rows: rows, weights: weights, scratch: scratch, into: gradients)
  }

  /// A product whose only failures are wrong arguments, which would be this module's own fault.
  private static func product(_ body: () throws(DNNLError) -> Void) {
    do throws(DNNLError) {
      try body()
    } catch {
      fatalError("\(error)")
    }
  }
}

extension Double: LossScalar {
  /// The C library's exponential.
  @inline(__always)
  public static func exponential(_ exponent: Double) -> Double { exp(exponent) }

  /// Plain loops, independent of any library.
  @unsafe public static func similarities(
    rows: UnsafePointer<Double>, rowCount: Int, columns: UnsafePointer<Double>, columnCount: Int, width: Int,
    scale: Double, into tile: UnsafeMutablePointer<Double>
  ) {
    for row in 0..<rowCount {
      for column in 0..<columnCount {
        var product = 0.0
        for index in 0..<width {
          unsafe product += rows[row * width + index] * columns[column * width + index]
        }
        unsafe tile[row * columnCount + column] = scale * product
      }
    }
  }

  /// Plain loops, independent of any library.
  @unsafe public static func accumulate(
    tile: UnsafePointer<Double>, rowCount: Int, columns: UnsafePointer<Double>, columnCount: Int, width: Int,
    into sums: UnsafeMutablePointer<Double>
  ) {
    for row in 0..<rowCount {
      for column in 0..<columnCount {
        let factor = unsafe tile[row * columnCount + column]
        for index in 0..<width {
          unsafe sums[row * width + index] += factor * columns[column * width + index]
        }
      }
    }
  }

  /// The tiles' loop in float64.
  @unsafe public static func logSumExps(
    _ tiles: ContrastiveTiles<Double>, rows: Range<Int>, scratch: UnsafeMutablePointer<Double>,
    into logSumExps: UnsafeMutablePointer<Double>
  ) {
    unsafe tiles.logSumExps(rows: rows, scratch: scratch, into: logSumExps)
  }

  /// The tiles' loop in float64.
  @unsafe public static func gradients(
    _ tiles: ContrastiveTiles<Double>, rows: Range<Int>, weights: RowWeights<Double>,
    scratch: UnsafeMutablePointer<Double>, into gradients: UnsafeMutablePointer<Double>
  ) {
    unsafe tiles.gradients(rows: rows, weights: weights, scratch: scratch, into: gradients)
  }
}
