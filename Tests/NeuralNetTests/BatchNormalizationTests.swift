import Kernels
import NeuralNet
import OneDNN
import TestSupport
import Testing

/// relu(BN(x)), relu(BN(x) + s) and relu(BN(x) + BN'(s)): forward, gradients, statistics, evaluation, on every path of
/// this CPU.
@Suite struct BatchNormalizationTests {
  private struct Case: Decodable {
    let kind: Kind
    let output: Reference
    let inputGradient: Reference
    let scaleGradient: Reference
    let shiftGradient: Reference
    let shortcutGradient: Reference?
    let mean: Reference
    let unbiasedVariance: Reference
    let inference: Reference
  }

  private enum Kind: String, Decodable {
    case relu, addRelu, addNormalizedRelu
  }

  private static let channels = 16

  /// A normalization with the fixtures' scale and shift, beginning with `prefix`.
  private struct Normalized {
    let normalization: BatchNormalization
    let scale: [Float]
    let shift: [Float]

    init(_ prefix: String, _ shape: ActivationShape, _ path: KernelPath) {
      normalization = BatchNormalization(shape, .float32, epsilon: 1e-5, path: path)
      scale = noise("\(prefix)scale", channels).map { value in 1 + value }
      shift = noise("\(prefix)shift", channels)
      normalization.load(scale: scale.span, shift: shift.span)
    }

    func statistics(of tensor: Tensor) -> BatchNormalization.Statistics {
      var sums = normalization.zeroSums()
      normalization.addSums(of: tensor, to: &sums)
      return normalization.statistics(of: sums)
    }

    func runningStatistics(_ prefix: String) -> BatchNormalization.Statistics {
      let mean = noise("\(prefix)running mean", channels)
      let variance = noise("\(prefix)running variance", channels).map { value in 1 + value }
      return normalization.statistics(mean: mean.span, variance: variance.span)
    }
  }

  private struct Subject {
    let bench: Bench
    let kind: Kind
    let shape: ActivationShape
    let main: Normalized
    let side: Normalized
    let input: [Float]
    let shortcut: [Float]

    init(_ kind: Kind, _ path: KernelPath, channelBlock: Int) throws {
      bench = try Bench()
      self.kind = kind
      shape = ActivationShape(batch: 4, channels: channels, height: 8, width: 6, channelBlock: channelBlock)
      main = Normalized("", shape, path)
      side = Normalized("shortcut ", shape, path)
      // Channels of different means, so that a wrong mean cannot hide.
      let means = noise("channel means", channels, amplitude: 4)
      let pixels = shape.height * shape.width
      input = noise("input", shape.count, amplitude: 4).enumerated().map { index, value in
        value + means[index / pixels % channels]
      }
      shortcut = noise("shortcut", shape.count, amplitude: 2)
    }

    func output(
      _ input: Tensor, _ statistics: BatchNormalization.Statistics, _ shortcut: Tensor,
      _ shortcutStatistics: BatchNormalization.Statistics
    ) throws -> Tensor {
      let output = try bench.tensor(shape)
      switch kind {
      case .relu: main.normalization.relu(input, statistics, into: output)
      case .addRelu: main.normalization.addRelu(input, statistics, shortcut: shortcut, into: output)
      case .addNormalizedRelu:
        main.normalization.addRelu(input, statistics, shortcut: shortcut, shortcutStatistics, into: output)
      }
      return output
    }

    struct Pass {
      var output: [Float]
      var statistics: BatchNormalization.Statistics
      var inputGradient: [Float]
      var parameterGradient: [Float]
      var shortcutGradient: [Float]
    }

    /// Forward and backward at the fixtures' point.
    func pass() throws -> Pass {
      let x = try bench.tensor(shape, input)
      let s = try bench.tensor(shape, shortcut)
      let (statistics, shortcutStatistics) = (main.statistics(of: x), side.statistics(of: s))
      let y = try output(x, statistics, s, shortcutStatistics)
      let gradient = try bench.tensor(shape, noise("output gradient", shape.count))
      let second = try bench.tensor(shape, noise("second gradient", shape.count))
      // Written over one of its terms, as the blocks do.
      let sums =
        kind == .relu
        ? main.normalization.reluGradient(gradient, addend: second, input: x, statistics, into: gradient)
        : main.normalization.reluGradient(
          second, addend: gradient, output: y, input: x, statistics, into: gradient)
      let inputGradient = try bench.tensor(shape)
      var parameterGradient = [Float](repeating: .nan, count: 2 * channels)
      var span = parameterGradient.mutableSpan
      main.normalization.inputGradient(
        gradient, sums: sums, total: sums, input: x, statistics, into: inputGradient, parameterGradient: &span)
      var shortcutGradient = gradient
      if kind == .addNormalizedRelu {
        let sums = side.normalization.gradientSums(of: gradient, input: s, shortcutStatistics)
        shortcutGradient = try bench.tensor(shape)
        var unused = [Float](repeating: 0, count: 2 * channels)
        var unusedSpan = unused.mutableSpan
        side.normalization.inputGradient(
          gradient, sums: sums, total: sums, input: s, shortcutStatistics, into: shortcutGradient,
          parameterGradient: &unusedSpan)
      }
      return Pass(
        output: y.maps(shape), statistics: statistics, inputGradient: inputGradient.maps(shape),
        parameterGradient: parameterGradient, shortcutGradient: shortcutGradient.maps(shape))
    }
  }

  // Means over 192 numbers and their square root: a few units of 2⁻²⁴ ≈ 6·10⁻⁸ each.
  @Test(arguments: TestedPath.all)
  func `batch normalization matches PyTorch`(tested: TestedPath) throws {
    let path = tested.path
    let cases: [Case] = try fixture("batch-normalization")
    #expect(cases.count == 3)
    for expected in cases {
      for channelBlock in [8, 16] where channelBlock.isMultiple(of: Int(tested.kernels.lanes)) {
        let name: Comment = "\(expected.kind), blocks of \(channelBlock)"
        let pass = try Subject(expected.kind, path, channelBlock: channelBlock).pass()
        #expect(expected.output.error(of: pass.output) < 2e-6, name)
        #expect(expected.inputGradient.error(of: pass.inputGradient) < 2e-6, name)
        #expect(expected.scaleGradient.error(of: Array(pass.parameterGradient[..<Self.channels])) < 2e-6, name)
        #expect(expected.shiftGradient.error(of: Array(pass.parameterGradient[Self.channels...])) < 2e-6, name)
        #expect(
          expected.shortcutGradient.map { reference in reference.error(of: pass.shortcutGradient) } ?? 0 < 2e-6, name)

        #expect(expected.mean.error(of: pass.statistics.mean) < 2e-6, name)
        // Statistics are divided by n, PyTorch's running variance by n − 1.
        let pixels = Float(4 * 8 * 6)
        let variance = pass.statistics.variance.map { variance in variance * pixels / (pixels - 1) }
        #expect(expected.unbiasedVariance.error(of: variance) < 2e-6, name)
      }
    }
  }

  @Test(arguments: TestedPath.all)
  func `evaluation matches PyTorch`(tested: TestedPath) throws {
    let path = tested.path
    let cases: [Case] = try fixture("batch-normalization")
    for expected in cases {
      let subject = try Subject(expected.kind, path, channelBlock: 16)
      let output = try subject.output(
        subject.bench.tensor(subject.shape, subject.input), subject.main.runningStatistics(""),
        subject.bench.tensor(subject.shape, subject.shortcut), subject.side.runningStatistics("shortcut "))
      #expect(expected.inference.error(of: output.maps(subject.shape)) < 2e-6, "\(expected.kind)")
    }
  }

  // Steps of 1/128 leave 10⁻⁵ of rounding and 10⁻⁴ of curvature. Outputs within 0.1 of the ReLU's kink carry no weight.
  @Test func `gradients match finite differences`() throws {
    let subject = try Subject(.relu, kernels_best_path(), channelBlock: 16)
    let normalization = subject.main.normalization
    let shape = subject.shape
    func forward(_ input: [Float], _ scale: [Float], _ shift: [Float]) throws -> [Float] {
      normalization.load(scale: scale.span, shift: shift.span)
      let x = try subject.bench.tensor(shape, input)
      let output = try subject.bench.tensor(shape)
      normalization.relu(x, subject.main.statistics(of: x), into: output)
      return output.maps(shape)
    }
    let (scale, shift) = (subject.main.scale, subject.main.shift)
    let outputs = try forward(subject.input, scale, shift)
    // Where the output is 0 the kink may be near; where it is positive its distance is known.
    let weights = zip(noise("output gradient", shape.count), outputs).map { weight, output in output < 0.1 ? 0 : weight
    }

    let x = try subject.bench.tensor(shape, subject.input)
    let statistics = subject.main.statistics(of: x)
    let gradient = try subject.bench.tensor(shape, weights)
    let sums = normalization.reluGradient(gradient, input: x, statistics, into: gradient)
    var parameterGradient = [Float](repeating: .nan, count: 2 * Self.channels)
    var span = parameterGradient.mutableSpan
    normalization.inputGradient(
      gradient, sums: sums, total: sums, input: x, statistics, into: gradient, parameterGradient: &span)

    let inputError = try gradientError(gradient.maps(shape), at: subject.input, step: 0x1p-7) { input in
      try dot(forward(input, scale, shift), weights)
    }
    let scaleError = try gradientError(
      Array(parameterGradient[..<Self.channels]), at: scale, step: 0x1p-7
    ) { scale in try dot(forward(subject.input, scale, shift), weights) }
    let shiftError = try gradientError(
      Array(parameterGradient[Self.channels...]), at: shift, step: 0x1p-7
    ) { shift in try dot(forward(subject.input, scale, shift), weights) }
    #expect(inputError < 1e-3)
    #expect(scaleError < 1e-3)
    #expect(shiftError < 1e-3)
  }

  // A NaN must reach the loss, where the step that finds it ends the run.
  @Test(arguments: TestedPath.all)
  func `a NaN stays a NaN`(tested: TestedPath) throws {
    let path = tested.path
    let subject = try Subject(.relu, path, channelBlock: 16)
    var input = subject.input
    input[3] = .nan
    let x = try subject.bench.tensor(subject.shape, input)
    let output = try subject.output(x, subject.main.statistics(of: x), x, subject.main.statistics(of: x))
    #expect(output.maps(subject.shape)[3].isNaN)
  }
}
