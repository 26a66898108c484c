import Configuration
import Foundation
import Runs
import TestSupport
import Testing

/// The optimizers as a command line makes them, against their published formulas in float64.
///
/// NeuralNetTests have each optimizer's formula for given numbers; here the options have to reach their places in it.
struct OptimizerOptionTests {
  /// A command line's options, and what docs/options.md promises for them.
  struct Case: Sendable, CustomTestStringConvertible {
    let options: String
    let kind: String
    var momentum = 0.9
    var usesNesterov = false
    var beta1 = 0.9
    var beta2 = 0.999
    var rmspropDecay = 0.99
    var epsilon = 1e-8
    var weightDecay = 1e-4
    /// True if biases and normalizations do not decay.
    var sparesVectors = false

    var testDescription: String { options }
  }

  static let cases = [
    Case(options: "optimizer=sgd", kind: "sgd"),
    Case(
      options: "optimizer=sgd momentum=0.75 nesterov=true weight-decay=0.05", kind: "sgd", momentum: 0.75,
      usesNesterov: true, weightDecay: 0.05),
    Case(
      options: "optimizer=sgd weight-decay=0.05 weight-decay-exclude=bias-and-norm", kind: "sgd", weightDecay: 0.05,
      sparesVectors: true),
    Case(options: "optimizer=lars weight-decay=0.5", kind: "lars", weightDecay: 0.5, sparesVectors: true),
    Case(
      options: "optimizer=lars momentum=0.75 nesterov=true weight-decay=0.5 weight-decay-exclude=none", kind: "lars",
      momentum: 0.75, usesNesterov: true, weightDecay: 0.5),
    Case(
      options: "optimizer=rmsprop momentum=0.75 rmsprop-decay=0.9 epsilon=0.001 weight-decay=0.05", kind: "rmsprop",
      momentum: 0.75, rmspropDecay: 0.9, epsilon: 0.001, weightDecay: 0.05),
    Case(
      options: "optimizer=adam beta1=0.8 beta2=0.95 epsilon=0.01 weight-decay=0.05", kind: "adam", beta1: 0.8,
      beta2: 0.95, epsilon: 0.01, weightDecay: 0.05),
    Case(
      options: "optimizer=adamw beta1=0.8 beta2=0.95 epsilon=0.01 weight-decay=0.05 weight-decay-exclude=bias-and-norm",
      kind: "adamw", beta1: 0.8, beta2: 0.95, epsilon: 0.01, weightDecay: 0.05, sparesVectors: true),
  ]

  /// One tensor of parameters and its state.
  private struct Tensor {
    var weights: [Double]
    var first: [Double]
    var second: [Double]
    /// True for biases, and for scales and shifts of normalizations.
    let isVector: Bool

    init(_ weights: [Double], isVector: Bool) {
      self.weights = weights
      self.isVector = isVector
      let zeros = weights.map { _ in 0.0 }
      first = zeros
      second = zeros
    }

    /// One step, the first of which has the number 1.
    mutating func update(_ given: Case, gradient: [Double], rate: Double, step: Double) {
      let decay = given.sparesVectors && isVector ? 0 : given.weightDecay
      let added = given.kind == "adamw" ? 0 : decay
      let slopes = zip(gradient, weights).map { slope, weight in slope + added * weight }
      let ratio = given.kind == "lars" && !isVector ? 0.001 * length(weights) / length(slopes) : 1
      for (index, slope) in slopes.enumerated() {
        switch given.kind {
        case "sgd", "lars":
          // LARS has the learning rate inside its velocity; as long as that is constant, it could as well be outside.
          first[index] = given.momentum * first[index] + ratio * slope
          let direction = given.usesNesterov ? ratio * slope + given.momentum * first[index] : first[index]
          weights[index] -= rate * direction
        case "rmsprop":
          second[index] = given.rmspropDecay * second[index] + (1 - given.rmspropDecay) * slope * slope
          first[index] = given.momentum * first[index] + slope / (second[index].squareRoot() + given.epsilon)
          weights[index] -= rate * first[index]
        default:
          weights[index] *= given.kind == "adamw" ? 1 - rate * decay : 1
          first[index] = given.beta1 * first[index] + (1 - given.beta1) * slope
          second[index] = given.beta2 * second[index] + (1 - given.beta2) * slope * slope
          let mean = first[index] / (1 - pow(given.beta1, step))
          let square = second[index] / (1 - pow(given.beta2, step))
          weights[index] -= rate * mean / (square.squareRoot() + given.epsilon)
        }
      }
    }

    private func length(_ numbers: [Double]) -> Double {
      numbers.reduce(0) { sum, number in sum + number * number }.squareRoot()
    }
  }

  @Test(arguments: cases)
  func `an optimizer has the numbers of its options`(_ given: Case) throws {
    var overrides = ConfigurationOverrides()
    for word in "model=resnet8 \(given.options)".split(separator: " ") {
      let parts = word.split(separator: "=").map(String.init)
      overrides.give(parts[1], for: parts[0])
    }
    let problem = overrides.problem
    try #require(problem == nil)
    let configuration = overrides.applied(to: TrainingCommand.pretrain.defaults)
    let state = TrainingState(configuration, try configuration.modelLayout)
    let slices = state.parameterLayout.slices
    let initial = state.parameters.map { weight in Double(weight) }
    var tensors = slices.map { slice in Tensor(Array(initial[slice.range]), isVector: slice.shape.count == 1) }
    try #require(tensors.contains { tensor in tensor.isVector } && tensors.contains { tensor in !tensor.isVector })
    var numbers = TestNumbers(seed: 7)
    for step in 0..<3 {
      // LARS learns a thousandth of it in most tensors.
      let rate: Float = given.kind == "lars" ? 2 : 0.0625
      let gradient = initial.map { _ in Float(0.1 * numbers.normal()) }
      state.optimizer.update(
        state.parameters, gradient: gradient.span, in: 0..<gradient.count, learningRate: rate, step: step)
      for (index, slice) in slices.enumerated() {
        tensors[index].update(
          given, gradient: gradient[slice.range].map { slope in Double(slope) }, rate: Double(rate),
          step: Double(step + 1))
      }
    }
    for (tensor, slice) in zip(tensors, slices) {
      let isClose = zip(tensor.weights, slice.range).allSatisfy { weight, index in
        abs(weight - Double(state.parameters[index])) < 5e-6
      }
      #expect(isClose, "\(slice.name)")
    }
  }
}
