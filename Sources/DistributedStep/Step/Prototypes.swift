import Configuration
import FlatVectors
import Losses
import NeuralNet

/// The class prototypes: one parameter vector a class, scaled to unit length, that all anchors are contrasted with.
struct Prototypes {
  /// The prototypes of one step, `[classes, width]`, and the lengths of the parameter vectors, `[classes]`.
  struct UnitRows {
    let rows: [Float]
    fileprivate let lengths: [Float]
  }

  private let weight: VectorSlice
  private let gradientRange: Range<Int>
  private let width: Int

  /// Registers the parameters, `[classes, width]`.
  ///
  /// - Throws: ``RunError`` if the configuration does not give the number of classes.
  init(_ context: NetworkContext, _ configuration: Configuration) throws(RunError) {
    width = configuration.widthOfEmbeddings
    (weight, gradientRange) = context.addWeight(
      Configuration.prototypesName, inputWidth: width, outputWidth: try configuration.classCount)
  }

  /// Returns the prototypes of unit length.
  func unitRows(of parameters: FlatVector) -> UnitRows {
    let vectors = parameters.withSpan { parameters in weight.range.map { index in parameters[index] } }
    var (rows, lengths) = (vectors, [Float](repeating: 0, count: vectors.count / width))
    var unitRows = rows.mutableSpan
    var divisors = lengths.mutableSpan
    L2Normalization.forward(vectors.span, width: width, into: &unitRows, lengths: &divisors)
    return UnitRows(rows: rows, lengths: lengths)
  }

  /// Returns the gradient of the parameters of a loss whose gradients are computed.
  func gradient(of loss: ContrastiveLoss<Float>, _ unit: UnitRows) -> [Float] {
    var gradient = [Float](repeating: 0, count: unit.rows.count)
    var rows = gradient.mutableSpan
    loss.prototypeGradients(into: &rows)
    L2Normalization.backward(unitRows: unit.rows.span, lengths: unit.lengths.span, gradient: &rows, width: width)
    return gradient
  }

  /// Writes the gradient of the parameters into a shard's vector: zeros if it is empty.
  func write(_ own: [Float], into gradient: inout MutableSpan<Float>) {
    for (index, element) in gradientRange.enumerated() {
      gradient[element] = own.isEmpty ? 0 : own[index]
    }
  }
}
