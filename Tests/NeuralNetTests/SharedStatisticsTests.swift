import Foundation
import Kernels
import NeuralNet
import OneDNN
import TestSupport
import Testing

/// Shards that share BatchNorm's statistics: together they are one batch.
@Suite struct SharedStatisticsTests {
  // MARK: - One layer

  /// relu(BN(x)) of a whole batch and its gradients, in Double and straight from the definition.
  private struct WholeBatch {
    var output: [Double] = []
    var inputGradient: [Double] = []
    var scaleGradient: [Double] = []
    var shiftGradient: [Double] = []
    var mean: [Double] = []
    var variance: [Double] = []

    /// From an input of `[images, channels, pixels]` and the gradient of the output, `weights`.
    init(_ input: [Float], weights: [Float], scale: [Float], shift: [Float], images: Int, pixels: Int) {
      let channels = scale.count
      output = Array(repeating: 0, count: input.count)
      inputGradient = output
      for channel in 0..<channels {
        let places: [Int] = (0..<images).flatMap { image -> Range<Int> in
          let start = (image * channels + channel) * pixels
          return start..<start + pixels
        }
        let count = Double(places.count)
        let (gamma, beta) = (Double(scale[channel]), Double(shift[channel]))
        let values: [Double] = places.map { place in Double(input[place]) }
        let mean: Double = values.reduce(0, +) / count
        let squares: [Double] = values.map { value in (value - mean) * (value - mean) }
        let variance: Double = squares.reduce(0, +) / count
        let deviation = (variance + 1e-5).squareRoot()
        let normalized: [Double] = values.map { value in (value - mean) / deviation }
        let before: [Double] = normalized.map { value in gamma * value + beta }
        let gradient: [Double] = zip(places, before).map { place, value in value > 0 ? Double(weights[place]) : 0 }
        let shiftGradient: Double = gradient.reduce(0, +)
        let scaleGradient: Double = zip(gradient, normalized).map { gradient, value in gradient * value }.reduce(0, +)
        for (index, place) in places.enumerated() {
          output[place] = max(before[index], 0)
          let centered: Double = gradient[index] - shiftGradient / count - normalized[index] * scaleGradient / count
          inputGradient[place] = gamma / deviation * centered
        }
        self.mean.append(mean)
        self.variance.append(variance)
        self.scaleGradient.append(scaleGradient)
        self.shiftGradient.append(shiftGradient)
      }
    }
  }

  /// ‖actual − expected‖ / ‖expected‖.
  private func error(_ actual: [Float], _ expected: [Double]) -> Double {
    guard actual.count == expected.count else { return .infinity }
    var (difference, size) = (0.0, 0.0)
    for (value, reference) in zip(actual, expected) {
      difference += (Double(value) - reference) * (Double(value) - reference)
      size += reference * reference
    }
    return (difference / size).squareRoot()
  }

  /// A batch of seven images in shards of one, two and four.
  private struct UnequalShards {
    static let channels = 16

    let shapes: [ActivationShape]
    let layers: [BatchNormalization]
    let inputs: [Tensor]
    let gradients: [Tensor]
    let expected: WholeBatch

    init(_ bench: Bench, _ path: KernelPath) throws {
      let (channels, pixels) = (Self.channels, 8 * 6)
      shapes = [1, 2, 4].map { size in
        ActivationShape(batch: size, channels: channels, height: 8, width: 6, channelBlock: 16)
      }
      let scale = noise("scale", channels).map { value in 1 + value }
      let shift = noise("shift", channels)
      let means = noise("channel means", channels, amplitude: 4)
      // The images differ in their means, so that a shard's own statistics are far from those of the batch.
      let input: [Float] = noise("input", 7 * channels * pixels, amplitude: 4).enumerated().map { index, value in
        let (channel, image) = (index / pixels % channels, index / (pixels * channels))
        return value + means[channel] + Float(image)
      }
      let weights = noise("output gradient", input.count)
      expected = WholeBatch(input, weights: weights, scale: scale, shift: shift, images: 7, pixels: pixels)
      layers = shapes.map { shape in
        let layer = BatchNormalization(shape, .float32, epsilon: 1e-5, path: path)
        layer.load(scale: scale.span, shift: shift.span)
        return layer
      }
      var (inputs, gradients, start) = ([Tensor](), [Tensor](), 0)
      for shape in shapes {
        let end = start + shape.count
        inputs.append(try bench.tensor(shape, Array(input[start..<end])))
        gradients.append(try bench.tensor(shape, Array(weights[start..<end])))
        start = end
      }
      (self.inputs, self.gradients) = (inputs, gradients)
    }

    /// The values of all shards' tensors.
    func maps(_ tensors: [Tensor]) -> [Float] { zip(tensors, shapes).flatMap { tensor, shape in tensor.maps(shape) } }
  }

  private func total(_ sums: [BatchNormalization.Sums]) -> BatchNormalization.Sums {
    sums.dropFirst().reduce(sums[0]) { sum, next in zip(sum, next).map(+) }
  }

  // Means over 7 · 48 numbers, weighted by what each shard has.
  @Test(arguments: TestedPath.all)
  func `shards of unequal size are normalized as one batch`(tested: TestedPath) throws {
    let bench = try Bench()
    let shards = try UnequalShards(bench, tested.path)
    let (layers, inputs, masked, expected) = (shards.layers, shards.inputs, shards.gradients, shards.expected)
    let forward = total(
      layers.indices.map { shard in
        var sums = layers[shard].zeroSums()
        layers[shard].addSums(of: inputs[shard], to: &sums)
        return sums
      })
    let statistics = layers.map { layer in layer.statistics(of: forward) }
    #expect(error(statistics[0].mean, expected.mean) < 1e-6)
    #expect(error(statistics[2].variance, expected.variance) < 1e-6)
    let outputs = try shards.shapes.map { shape in try bench.tensor(shape) }
    for shard in layers.indices {
      layers[shard].relu(inputs[shard], statistics[shard], into: outputs[shard])
    }
    #expect(error(shards.maps(outputs), expected.output) < 1e-6)

    let backward = layers.indices.map { shard in
      layers[shard].reluGradient(masked[shard], input: inputs[shard], statistics[shard], into: masked[shard])
    }
    let channels = UnequalShards.channels
    var parameterGradient = [Float](repeating: 0, count: 2 * channels)
    for shard in layers.indices {
      var own = [Float](repeating: .nan, count: 2 * channels)
      var span = own.mutableSpan
      layers[shard].inputGradient(
        masked[shard], sums: backward[shard], total: total(backward), input: inputs[shard], statistics[shard],
        into: masked[shard], parameterGradient: &span)
      parameterGradient = zip(parameterGradient, own).map(+)
    }
    #expect(error(shards.maps(masked), expected.inputGradient) < 1e-6)
    #expect(error(Array(parameterGradient[..<channels]), expected.scaleGradient) < 1e-6)
    #expect(error(Array(parameterGradient[channels...]), expected.shiftGradient) < 1e-6)
  }

  // MARK: - Whole networks

  private struct Fixture: Decodable {
    struct Step: Decodable {
      let embeddings: Reference
      let gradients: [String: Reference]
    }

    struct Run: Decodable {
      let steps: [Step]
    }

    let temperature: Double
    let labels: [Int]
    let heavyBall: Run
  }

  // PyTorch's batch is 16 views. With the shards' own statistics the embeddings differ from it by a tenth.
  @Test(arguments: [("resnet20", [16]), ("resnet20", [6, 10]), ("resnet18", [5, 3, 8])])
  func `shards that share statistics match PyTorch's whole batch`(model: String, sizes: [Int]) throws {
    let content: Fixture = try fixture(model)
    let expected = try #require(content.heavyBall.steps.first)
    let networks = try sizes.map { size in try NetworkSubject(mode: .training, views: size, model: model) }
    let parameters = networks[0].fixtureParameters()
    let views = NetworkSubject.views(step: 0)
    let ends = sizes.indices.map { shard in sizes[...shard].reduce(0, +) }
    func rows(_ shard: Int, _ width: Int) -> Range<Int> {
      (ends[shard] - sizes[shard]) * width..<ends[shard] * width
    }
    var embeddings = [Float](repeating: .nan, count: 16 * 128)
    var gradients = [[Float]](repeating: [], count: sizes.count)
    let results = Results<[Float]>(count: sizes.count)
    try sideBySide(sizes.count) { shard, group in
      useOneThreadPerPrimitive()
      networks[shard].context.batchNormGroup = group
      results[shard] = try networks[shard].forward(Array(views[rows(shard, 3 * 256)]), parameters)
    }
    for shard in sizes.indices {
      embeddings.replaceSubrange(rows(shard, 128), with: results[shard] ?? [])
    }
    #expect(expected.embeddings.error(of: embeddings) < 3e-6)

    let loss = supervisedContrastiveLoss(
      embeddings, labels: content.labels, width: 128, temperature: content.temperature)
    try sideBySide(sizes.count) { shard, group in
      useOneThreadPerPrimitive()
      networks[shard].context.batchNormGroup = group
      results[shard] = try networks[shard].backward(
        embeddingGradient: Array(loss.gradient[rows(shard, 128)]), parameters)
    }
    gradients = sizes.indices.map { shard in results[shard] ?? [] }
    let sum = gradients.dropFirst().reduce(gradients[0]) { sum, next in zip(sum, next).map(+) }
    expectMatch(sum, networks[0].context.parameters, expected.gradients, within: 2e-4, "gradient")
    for network in networks {
      #expect(network.batchStatistics() == networks[0].batchStatistics())
    }
  }

  private struct Heads: Decodable {
    struct Head: Decodable {
      let widths: [Int]
      let hasBatchNormalization: Bool
      let output: Reference
      let inputGradient: Reference
      let parameterGradients: [String: Reference]
      let moments: [String: Reference]
    }

    let heads: [Head]
  }

  @Test func `the rows of a head that share statistics match PyTorch's whole batch`() throws {
    let content: Heads = try fixture("layers")
    let expected = try #require(content.heads.first { head in head.hasBatchNormalization })
    let (sizes, starts) = ([3, 4], [0, 3])
    let (input, weights) = (noise("input", 7 * 24, amplitude: 2), noise("output gradient", 7 * 10))
    let contexts = try sizes.map { _ in try NetworkContext(Engine(), mode: .training, precision: .float32) }
    let heads = contexts.map { context in
      ProjectionHead(
        context, ProjectionHeadArchitecture(expected.widths, hasBatchNormalization: true), inputWidth: 24)
    }
    let parameters = contexts[0].parameters.fixtureHeadParameters()
    let results = Results<(output: [Float], gradient: [Float], inputGradient: [Float], moments: [Float])>(count: 2)
    try sideBySide(2) { shard, group in
      useOneThreadPerPrimitive()
      contexts[shard].batchNormGroup = group
      let saved = heads[shard].makeSavedActivations(views: sizes[shard])
      let rows = starts[shard]..<starts[shard] + sizes[shard]
      let own = Array(input[rows.lowerBound * 24..<rows.upperBound * 24])
      let ownWeights = Array(weights[rows.lowerBound * 10..<rows.upperBound * 10])
      var output = [Float](repeating: .nan, count: ownWeights.count)
      var outputSpan = output.mutableSpan
      try heads[shard].forward(own.span, parameters: parameters.span, saved, into: &outputSpan)
      var gradient = [Float](repeating: .nan, count: parameters.count)
      var inputGradient = [Float](repeating: .nan, count: own.count)
      var gradientSpan = gradient.mutableSpan
      var inputGradientSpan = inputGradient.mutableSpan
      try heads[shard].backward(
        representations: own.span, projectionGradient: ownWeights.span, parameters: parameters.span, saved,
        into: &gradientSpan, representationGradient: &inputGradientSpan)
      var moments = [Float](repeating: .nan, count: contexts[shard].statistics.count)
      var momentSpan = moments.mutableSpan
      heads[shard].batchStatistics(of: saved, into: &momentSpan)
      results[shard] = (output, gradient, inputGradient, moments)
    }
    let (first, second) = (try #require(results[0]), try #require(results[1]))
    #expect(expected.output.error(of: first.output + second.output) < 2e-6)
    #expect(expected.inputGradient.error(of: first.inputGradient + second.inputGradient) < 2e-6)
    expectMatch(
      zip(first.gradient, second.gradient).map(+), contexts[0].parameters, expected.parameterGradients, within: 2e-6,
      "gradient")
    expectMatch(first.moments, contexts[0].statistics, expected.moments, within: 2e-6, "moments")
    #expect(first.moments == second.moments)
  }

  // MARK: - Blocks that are computed again

  @Test(arguments: ["resnet20", "resnet18", "resnet50"])
  func `blocks computed again give the same bits in less memory`(model: String) throws {
    let whole = try NetworkSubject(mode: .training, views: 4, model: model)
    let outline = try NetworkSubject(mode: .training, views: 4, model: model, keeping: .blockOutputs)
    #expect(outline.saved.byteCount < whole.saved.byteCount * 3 / 4)
    let parameters = whole.fixtureParameters()
    let views = Array(NetworkSubject.views(step: 0).prefix(4 * 3 * 256))
    let weights = noise("embedding gradient", 4 * 128)
    #expect(try outline.forward(views, parameters) == whole.forward(views, parameters))
    let expected = try whole.backward(embeddingGradient: weights, parameters)
    #expect(try outline.backward(embeddingGradient: weights, parameters) == expected)
    // Again: the scratch memory holds the first block's activations.
    _ = try outline.forward(views, parameters)
    #expect(try outline.backward(embeddingGradient: weights, parameters) == expected)
    #expect(outline.batchStatistics() == whole.batchStatistics())
  }
}

/// A result of each shard, from threads of their own.
private final class Results<Value> {
  private var values: [Value?]
  private let lock = NSLock()

  init(count: Int) {
    values = Array(repeating: nil, count: count)
  }

  subscript(shard: Int) -> Value? {
    get { lock.withLock { values[shard] } }
    set { lock.withLock { values[shard] = newValue } }
  }
}
