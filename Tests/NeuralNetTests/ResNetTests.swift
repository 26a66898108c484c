import FlatVectors
import NeuralNet
import OneDNN
import Optimizers
import Testing

/// ResNet-20 and ResNet-18 with an MLP head, whole: training steps and an evaluation against PyTorch.
@Suite struct ResNetTests {
  private struct Fixture: Decodable {
    struct Step: Decodable {
      let loss: Double
      let embeddings: Reference
      let embeddingGradient: Reference
      let gradients: [String: Reference]
    }

    struct Run: Decodable {
      let steps: [Step]
      let statistics: [String: Reference]
      let parameters: [String: Reference]
      let evaluation: Reference
    }

    let temperature: Double
    let labels: [Int]
    let heavyBall: Run
    let nesterov: Run?
  }

  // Forward, twenty normalized layers add a few units of 2⁻²⁴ ≈ 6·10⁻⁸ each. The gradients of early layers are
  // differences of larger numbers (3·10⁻⁵ with AVX2 and AVX-512). No ReLU is so near its kink that rounding could
  // switch it: see scripts/make-fixtures.py. A wrong factor of 1.01 misses by 10⁻² in each of the error's three terms.
  @Test(arguments: [("resnet20", false), ("resnet20", true), ("resnet18", false)])
  func `steps match PyTorch`(model: String, usesNesterov: Bool) throws {
    let content: Fixture = try fixture(model)
    let expected = usesNesterov ? try #require(content.nesterov) : content.heavyBall
    let network = try NetworkSubject(mode: .training, views: 16, model: model)
    let vector = FlatVector(network.fixtureParameters())
    var statistics = network.context.statistics.initialValues(seed: 0)
    let optimizer = SGD(
      momentum: 0.9, usesNesterov: usesNesterov, weightDecay: WeightDecay(1e-4, of: network.context.parameters))

    for (index, step) in expected.steps.enumerated() {
      let parameters = Array(vector)
      let embeddings = try network.forward(NetworkSubject.views(step: index), parameters)
      #expect(step.embeddings.error(of: embeddings) < 3e-6, "step \(index)")
      let loss = supervisedContrastiveLoss(
        embeddings, labels: content.labels, width: 128, temperature: content.temperature)
      #expect(abs(loss.value - step.loss) < 1e-6 * step.loss, "step \(index)")
      #expect(step.embeddingGradient.error(of: loss.gradient) < 3e-5, "step \(index)")

      let gradient = try network.backward(embeddingGradient: loss.gradient, parameters)
      expectMatch(gradient, network.context.parameters, step.gradients, within: 2e-4, "gradient of step \(index)")
      // Once a step the running statistics move a tenth of the way towards the shard's batch statistics.
      for (place, moment) in network.batchStatistics().enumerated() {
        statistics[place] = 0.9 * statistics[place] + 0.1 * moment
      }
      optimizer.update(vector, gradient: gradient.span, learningRate: 0.1, step: index)
    }
    let parameters = Array(vector)
    expectMatch(parameters, network.context.parameters, expected.parameters, within: 1e-6, "parameters")
    expectMatch(statistics, network.context.statistics, expected.statistics, within: 1e-5, "statistics")

    let evaluated = try NetworkSubject(mode: .inference, views: 16, model: model)
    let representations = try evaluated.representations(
      of: NetworkSubject.views(step: 0), parameters, statistics: statistics)
    #expect(expected.evaluation.error(of: representations) < 3e-6)
  }

  @Test func `the gradient matches finite differences`() throws {
    try expectGradientMatchesFiniteDifferences(
      NetworkSubject(mode: .training, views: 16), views: NetworkSubject.views(step: 0), rows: 16)
  }

  // Several shards pass forward before the first passes backward; one that was not kept passes forward again. Neither
  // may change a bit, nor may another network of the same shapes.
  @Test func `gradients do not depend on earlier passes`() throws {
    let network = try NetworkSubject(mode: .training, views: 4)
    let parameters = network.fixtureParameters()
    let weights = noise("embedding gradient", 4 * 128)
    let first = Array(NetworkSubject.views(step: 0).prefix(4 * 3 * 256))
    let second = Array(NetworkSubject.views(step: 1).prefix(4 * 3 * 256))

    let embeddings = try network.forward(first, parameters)
    let moments = network.batchStatistics()
    let gradient = try network.backward(embeddingGradient: weights, parameters)

    #expect(try network.forward(first, parameters) == embeddings)
    let otherRecord = try network.encoder.makeSavedActivations()
    network.encoder.views.setMaps(second, network.encoder.inputShape)
    var otherRepresentations = [Float](repeating: 0, count: 4 * 64)
    var span = otherRepresentations.mutableSpan
    try network.encoder.forward(otherRecord, into: &span)
    #expect(try network.backward(embeddingGradient: weights, parameters) == gradient)
    #expect(network.batchStatistics() == moments)

    #expect(try network.forward(first, parameters) == embeddings)
    #expect(try network.backward(embeddingGradient: weights, parameters) == gradient)

    let twin = try NetworkSubject(mode: .training, views: 4)
    #expect(try twin.forward(first, parameters) == embeddings)
    #expect(try twin.backward(embeddingGradient: weights, parameters) == gradient)
  }

  // In evaluation a view's representation depends on no other view.
  @Test func `evaluation does not mix views`() throws {
    let network = try NetworkSubject(mode: .inference, views: 4)
    let parameters = network.fixtureParameters()
    let statistics = network.context.statistics.initialValues(seed: 0)
    let pixels = 3 * 256
    var views = Array(NetworkSubject.views(step: 0).prefix(4 * pixels))
    let before = try network.representations(of: views, parameters, statistics: statistics)
    views.replaceSubrange(pixels..., with: NetworkSubject.views(step: 1).prefix(3 * pixels))
    let after = try network.representations(of: views, parameters, statistics: statistics)
    #expect(before[..<64] == after[..<64])
    #expect(before[64...] != after[64...])
  }

  // bfloat16 has 8 significant bits: embeddings keep two digits and the gradient its direction.
  @Test(.enabled(if: InstructionSet.hasBfloat16, "this CPU has no bfloat16 convolutions"))
  func `bfloat16 follows float32`() throws {
    let views = NetworkSubject.views(step: 0)
    let weights = noise("embedding gradient", 16 * 128)
    func pass(
      _ precision: Precision
    ) throws -> (embeddings: [Float], gradient: [Float], moments: [Float], layout: VectorLayout) {
      let network = try NetworkSubject(mode: .training, views: 16, precision: precision)
      let parameters = network.fixtureParameters()
      let embeddings = try network.forward(views, parameters)
      let gradient = try network.backward(embeddingGradient: weights, parameters)
      return (embeddings, gradient, network.batchStatistics(), network.context.parameters)
    }
    let exact = try pass(.float32)
    let rounded = try pass(.bfloat16)
    #expect(cosine(exact.embeddings, rounded.embeddings) > 0.9999)
    #expect(cosine(exact.moments, rounded.moments) > 0.9999)
    for slice in exact.layout.slices {
      let cosine = cosine(Array(exact.gradient[slice.range]), Array(rounded.gradient[slice.range]))
      #expect(cosine > 0.98, "\(slice.name)")
    }
  }

  private func cosine(_ first: [Float], _ second: [Float]) -> Double {
    dot(first, second) / (dot(first, first) * dot(second, second)).squareRoot()
  }
}
