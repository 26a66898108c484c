import Foundation

/// The network and the optimizer of `loss-steps` in float64, in plain loops; rows are ordered view by view, as in the
/// reference loss.
struct ReferenceTraining {
  /// ½, as there.
  private static let crossEntropyWeight = 0.5
  private static let smoothing = 0.1
  private static let classCount = 3

  let inputs: [Double]
  let labels: [Int]
  let variant: ReferenceVariant
  let joint: String
  var parameters: [Double]
  private var velocity: [Double]

  static let widths = (input: 6, hidden: 8, output: 5)
  static var parameterCount: Int { (6 + 1) * 8 + (8 + 1) * 5 + (8 + 1) * 3 }

  init(inputs: [Double], labels: [Int], variant: ReferenceVariant, joint: String, parameters: [Double]) {
    self.inputs = inputs
    self.labels = labels
    self.variant = variant
    self.joint = joint
    self.parameters = parameters
    velocity = parameters.map { _ in 0 }
  }

  /// The offsets of a layer's weight [out, in] and bias.
  private struct Layer {
    let start: Int
    let input: Int
    let output: Int
    var bias: Int { start + input * output }
  }
  private let first = Layer(start: 0, input: 6, output: 8)
  private let second = Layer(start: 56, input: 8, output: 5)
  private let classifier = Layer(start: 101, input: 8, output: 3)

  private func forward(_ layer: Layer, _ rows: [Double]) -> [Double] {
    (0..<labels.count * layer.output).map { place in
      let (row, column) = (place / layer.output, place % layer.output)
      return (0..<layer.input).reduce(parameters[layer.bias + column]) { sum, index in
        sum + parameters[layer.start + column * layer.input + index] * rows[row * layer.input + index]
      }
    }
  }

  /// Adds the layer's gradient; returns that of its input.
  private func backward(_ layer: Layer, _ rows: [Double], _ outputs: [Double], into gradient: inout [Double])
    -> [Double]
  {
    var ofRows = [Double](repeating: 0, count: rows.count)
    for row in labels.indices {
      for column in 0..<layer.output {
        let slope = outputs[row * layer.output + column]
        gradient[layer.bias + column] += slope
        for index in 0..<layer.input {
          gradient[layer.start + column * layer.input + index] += slope * rows[row * layer.input + index]
          ofRows[row * layer.input + index] += slope * parameters[layer.start + column * layer.input + index]
        }
      }
    }
    return ofRows
  }

  /// Takes a step and returns its loss.
  mutating func step() -> Double {
    let hidden = forward(first, inputs).map { element in max(element, 0) }
    var loss = ReferenceLoss(
      rows: forward(second, hidden), width: 5, labels: labels, temperature: 0.2, variant: variant)
    loss.variant = variant
    var value = loss.normalized.value()
    var gradient = [Double](repeating: 0, count: parameters.count)
    var ofHidden = backward(second, hidden, loss.gradientThroughNormalization(), into: &gradient)
    if joint != "none" {
      let (crossEntropy, ofLogits) = crossEntropy(forward(classifier, hidden))
      value += crossEntropy
      let fromClassifier = backward(classifier, hidden, ofLogits, into: &gradient)
      if joint == "joint" {
        ofHidden = zip(ofHidden, fromClassifier).map(+)
      }
    }
    ofHidden = zip(ofHidden, hidden).map { slope, element in element > 0 ? slope : 0 }
    _ = backward(first, inputs, ofHidden, into: &gradient)
    for index in parameters.indices {
      velocity[index] = 0.9 * velocity[index] + gradient[index] + 1e-4 * parameters[index]
      parameters[index] -= 0.05 * velocity[index]
    }
    return value
  }

  /// ½ of the mean cross-entropy with smoothed labels, and its gradient.
  private func crossEntropy(_ logits: [Double]) -> (value: Double, gradient: [Double]) {
    let weight = Self.crossEntropyWeight / Double(labels.count)
    var (value, gradient) = (0.0, logits)
    for row in labels.indices {
      let line = row * Self.classCount..<(row + 1) * Self.classCount
      let sum = line.reduce(0) { sum, index in sum + exp(logits[index]) }
      for index in line {
        let target = (index - line.lowerBound == labels[row] ? 0.9 : 0) + Self.smoothing / Double(Self.classCount)
        value -= weight * target * log(exp(logits[index]) / sum)
        gradient[index] = weight * (exp(logits[index]) / sum - target)
      }
    }
    return (value, gradient)
  }
}
