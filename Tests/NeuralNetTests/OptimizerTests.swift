import FlatVectors
import Foundation
import NeuralNet
import OneDNN
import Optimizers
import Testing

/// Ten steps with the gradients of a small network, against the same definitions in float64.
@Suite struct OptimizerTests {
  private struct Case: Decodable {
    let kind: String
    let weightDecay: Float
    let excludesBiasAndNorm: Bool
    let peak: Double
    let options: [Double]
    let parameters: [String: Reference]
    let states: [[String: Reference]]

    func optimizer(_ layout: VectorLayout) throws -> any Optimizer {
      let decay = WeightDecay(weightDecay, of: layout, excluding: excludesBiasAndNorm ? .biasAndNorm : .none)
      switch kind {
      case "sgd":
        return SGD(
          momentum: Float(options[0]), usesNesterov: options[1] == 1, weightDecay: decay)
      case "lars":
        return LARS(
          momentum: Float(options[0]), usesNesterov: options[1] == 1, weightDecay: decay, layout: layout)
      case "rmsprop":
        return RMSProp(
          decay: options[1], epsilon: Float(options[2]), momentum: Float(options[0]), weightDecay: decay)
      default:
        try #require(kind == "adam" || kind == "adamw")
        return Adam(
          beta1: options[0], beta2: options[1], epsilon: Float(options[2]), decouplesWeightDecay: kind == "adamw",
          weightDecay: decay)
      }
    }
  }

  /// An MLP with a normalization, 24 → 20 → 10, for seven rows.
  private struct Network {
    let head: ProjectionHead
    let layout: VectorLayout
    let saved: ProjectionHead.SavedActivations

    init() throws {
      useOneThreadPerPrimitive()
      let context = try NetworkContext(Engine(), mode: .training, precision: .float32)
      head = ProjectionHead(context, ProjectionHeadArchitecture([20, 10], hasBatchNormalization: true), inputWidth: 24)
      layout = context.parameters
      saved = head.makeSavedActivations(views: 7)
    }

    func gradient(_ parameters: [Float], step: Int) throws -> [Float] {
      let input = noise("input \(step)", 7 * 24, amplitude: 2)
      let outputGradient = noise("output gradient \(step)", 7 * 10)
      var output = [Float](repeating: .nan, count: 7 * 10)
      var outputSpan = output.mutableSpan
      try head.forward(input.span, parameters: parameters.span, saved, into: &outputSpan)
      var gradient = [Float](repeating: .nan, count: parameters.count)
      var inputGradient = [Float](repeating: .nan, count: input.count)
      var gradientSpan = gradient.mutableSpan
      var inputGradientSpan = inputGradient.mutableSpan
      try head.backward(
        representations: input.span, projectionGradient: outputGradient.span, parameters: parameters.span, saved,
        into: &gradientSpan, representationGradient: &inputGradientSpan)
      return gradient
    }
  }

  // Ten steps of float32: 10⁻⁶ of the parameters. Where a step is divided by a small root its rounding grows with it.
  @Test(arguments: 0..<11)
  func `ten steps match the definition`(index: Int) throws {
    let cases: [Case] = try fixture("optimizers")
    #expect(cases.count == 11)
    let expected = cases[index]
    let network = try Network()
    let parameters = FlatVector(network.layout.fixtureHeadParameters())
    let optimizer = try expected.optimizer(network.layout)
    for step in 0..<10 {
      let gradient = try network.gradient(Array(parameters), step: step)
      optimizer.update(
        parameters, gradient: gradient.span, learningRate: Float(expected.peak * Double(step + 1) / 10), step: step)
    }
    expectMatch(Array(parameters), network.layout, expected.parameters, within: 1e-5, "parameters")
    #expect(optimizer.stateNames.count == optimizer.state.count)
    // PyTorch keeps no momentum that is always 0.
    for (vector, references) in zip(optimizer.state, expected.states) {
      expectMatch(Array(vector), network.layout, references, within: 1e-5, "state")
    }
  }

  // What a checkpoint holds is all there is: an optimizer with the state of another goes on as that one would.
  @Test(arguments: 0..<11)
  func `an optimizer's state is all that it remembers`(index: Int) throws {
    let cases: [Case] = try fixture("optimizers")
    let network = try Network()
    let parameters = FlatVector(network.layout.fixtureHeadParameters())
    let first = try cases[index].optimizer(network.layout)
    let gradient = try network.gradient(Array(parameters), step: 0)
    for step in 0..<3 {
      first.update(parameters, gradient: gradient.span, learningRate: 0.1, step: step)
    }
    var second = try cases[index].optimizer(network.layout)
    second.state = first.state.map { vector in FlatVector(vector) }
    let copy = FlatVector(parameters)
    first.update(parameters, gradient: gradient.span, learningRate: 0.1, step: 3)
    second.update(copy, gradient: gradient.span, learningRate: 0.1, step: 3)
    #expect(parameters == copy)
    #expect(first.state == second.state)
  }

  // The ranks of a host update whole tensors each. The tensors of the network are of 480, 20 and 200 elements.
  @Test(arguments: 0..<11, [2, 3, 5])
  func `an update in parts is the whole update bit for bit`(index: Int, parts: Int) throws {
    let cases: [Case] = try fixture("optimizers")
    let network = try Network()
    let whole = FlatVector(network.layout.fixtureHeadParameters())
    let divided = FlatVector(whole)
    let (one, other) = (try cases[index].optimizer(network.layout), try cases[index].optimizer(network.layout))
    let ranges = network.layout.ranges(dividedInto: parts)
    for step in 0..<3 {
      let gradient = try network.gradient(Array(whole), step: step)
      one.update(whole, gradient: gradient.span, learningRate: 0.1, step: step)
      for range in ranges.reversed() {
        other.update(divided, gradient: gradient.span, in: range, learningRate: 0.1, step: step)
      }
    }
    #expect(whole == divided && one.state == other.state)
    #expect(whole != FlatVector(network.layout.fixtureHeadParameters()))
  }

  private func layout(_ count: Int) -> VectorLayout {
    var layout = VectorLayout()
    _ = layout.add("weight", [count, 1], .constant(0))
    return layout
  }

  // Powers of two: m is 1, then 1.5, then 1.75; every step is exact.
  @Test(arguments: [(false, -4.25 as Float), (true, -5.125)])
  func `a constant gradient gives a geometric series`(usesNesterov: Bool, end: Float) {
    let optimizer = SGD(
      momentum: 0.5, usesNesterov: usesNesterov, weightDecay: WeightDecay(0, of: layout(1)))
    let parameters = FlatVector(count: 1)
    let gradient: [Float] = [1]
    for step in 0..<3 {
      optimizer.update(parameters, gradient: gradient.span, learningRate: 1, step: step)
    }
    #expect(optimizer.state == [FlatVector([1.75])])
    #expect(parameters == FlatVector([end]))
  }

  // 1 − 0.99 of a gradient of 1, rounded once; 1 − Float(0.99) is 0.00999999.
  @Test func `the complement of RMSProp's decay is rounded once`() {
    let optimizer = RMSProp(decay: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: WeightDecay(0, of: layout(1)))
    let gradient: [Float] = [1]
    optimizer.update(FlatVector(count: 1), gradient: gradient.span, learningRate: 0.25, step: 0)
    #expect(optimizer.state[0] == FlatVector([0.01]))
  }

  // The first step of Adam is the learning rate times the gradient's sign, whatever its size.
  @Test func `the first step of Adam has the sign of the gradient`() {
    let optimizer = Adam(
      beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decouplesWeightDecay: false, weightDecay: WeightDecay(0, of: layout(3)))
    let parameters = FlatVector(count: 3)
    let gradient: [Float] = [1000, -0.5, 0]
    optimizer.update(parameters, gradient: gradient.span, learningRate: 0.25, step: 0)
    #expect(abs(parameters[0] + 0.25) < 1e-6 && abs(parameters[1] - 0.25) < 1e-6 && parameters[2] == 0)
  }

  // ‖w‖ = 5 and ‖g‖ = 2 over 20 elements, two and a half vectors: the step is 0.001 · 5 / 2 of the gradient.
  @Test func `LARS scales steps with the length of the weights`() {
    let layout = layout(20)
    let optimizer = LARS(
      momentum: 0, usesNesterov: false, weightDecay: WeightDecay(0, of: layout), layout: layout)
    let parameters = FlatVector(count: 20)
    (parameters[0], parameters[19]) = (3, 4)
    var gradient = [Float](repeating: 0, count: 20)
    gradient[17] = 2
    optimizer.update(parameters, gradient: gradient.span, learningRate: 1, step: 0)
    #expect(abs(parameters[17] + 0.005) < 1e-8)
    // Weights of length 0 would never move: they take the plain step.
    let zeros = FlatVector(count: 20)
    optimizer.update(zeros, gradient: gradient.span, learningRate: 1, step: 0)
    #expect(zeros[17] == -2)
  }
}

@Suite struct LearningRateScheduleTests {
  @Test(arguments: [(0, 100), (10, 100), (7, 53), (100, 100), (1, 1)])
  func `the cosine schedule matches its closed form`(warmupSteps: Int, steps: Int) {
    let schedule = LearningRateSchedule(peak: 0.5, warmupSteps: warmupSteps, decay: .cosine(steps: steps))
    for step in 0..<steps {
      // ½(1 + cos x) is cos²(x / 2).
      let half = cos(.pi * Double(step) / Double(2 * steps))
      let rise = step < warmupSteps ? Double(step + 1) / Double(warmupSteps) : 1
      let expected = 0.5 * rise * half * half
      #expect(abs(Double(schedule.learningRate(atStep: step)) - expected) < 1e-7, "step \(step)")
    }
  }

  @Test func `schedules have their known values at beginning, middle and end`() {
    let plain = LearningRateSchedule(peak: 0.1, warmupSteps: 0, decay: .cosine(steps: 1000))
    #expect(plain.learningRate(atStep: 0) == 0.1)
    #expect(abs(plain.learningRate(atStep: 500) - 0.05) < 1e-8)
    #expect(plain.learningRate(atStep: 1000) == 0)
    let warm = LearningRateSchedule(peak: 0.1, warmupSteps: 10, decay: .cosine(steps: 1000))
    // The first step already takes a tenth of the peak, the tenth the whole of it.
    #expect(warm.learningRate(atStep: 0) == 0.01)
    #expect(warm.learningRate(atStep: 9) == plain.learningRate(atStep: 9))
    #expect(warm.learningRate(atStep: 10) == plain.learningRate(atStep: 10))
  }

  // Halves are exact.
  @Test func `the step schedule falls at each place`() {
    let schedule = LearningRateSchedule(peak: 1, warmupSteps: 0, decay: .step(at: [3, 5, 5], factor: 0.5))
    #expect((0..<7).map(schedule.learningRate) == [1, 1, 1, 0.5, 0.5, 0.125, 0.125])
  }

  @Test func `the exponential schedule falls in stairs`() {
    let schedule = LearningRateSchedule(
      peak: 1, warmupSteps: 2, decay: .exponential(factor: 0.5, stepsPerDecay: 2.5))
    // 0, 0.4, 0.8, 1.2, 1.6, 2.0 stairs.
    #expect((0..<6).map(schedule.learningRate) == [0.5, 1, 1, 0.5, 0.5, 0.25])
  }

  @Test func `a constant schedule only warms up`() {
    let schedule = LearningRateSchedule(peak: 1, warmupSteps: 4, decay: .constant)
    #expect([0, 1, 3, 4, 1_000_000].map(schedule.learningRate) == [0.25, 0.5, 1, 1, 1])
  }
}
