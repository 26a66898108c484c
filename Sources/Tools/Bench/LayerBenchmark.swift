import Configuration
import DistributedStep
import Job
import KeyedRandomness
import MPI
import NeuralNet
import OneDNN

/// The benchmark `supcon bench --layers`: the time of each layer and pass of the encoder, on one thread, for one shard.
enum LayerBenchmark {
  /// The cost of each layer and pass in its fastest round.
  struct Costs {
    var byKey: [LayerProfile.Key: LayerProfile.Cost] = [:]

    /// Returns the cost of a layer's pass; `nil` if the layer does not have this pass.
    func cost(of layer: String, _ pass: LayerPass) -> LayerProfile.Cost? {
      byKey.first { key, _ in key.layer == layer && key.pass == pass }?.value
    }

    /// Replaces the cost of each layer and pass by that of `round` if it is lower.
    mutating func take(_ round: [LayerProfile.Key: LayerProfile.Cost]) {
      for (key, cost) in round where cost.seconds < byKey[key]?.seconds ?? .infinity {
        byKey[key] = cost
      }
    }
  }

  /// Runs the forward and backward pass of one shard (part of the batch) several times (rounds).
  ///
  /// Collective; requires a single rank.
  ///
  /// - Parameters:
  ///   - request: The options of `supcon bench`.
  ///   - world: The ranks.
  ///   - report: Receives the table.
  /// - Throws: ``CollectiveError`` for faulty options or data, `DNNLError` if oneDNN cannot create a primitive.
  static func run(
    _ request: StepBenchmark.Request, over world: borrowing Communicator, report: Reporter
  ) throws {
    let opened = try OpenedConfiguration(request.overrides, over: world, report: report)
    let configuration = opened.configuration
    StepBenchmark.noteSize(of: opened, report)
    try LeastMemory.check(configuration, over: world)
    useOneThreadPerPrimitive()
    let engine = try Engine()
    let profile = LayerProfile()
    let context = try NetworkContext(
      engine, mode: .training, precision: configuration.compute.resolvedPrecision, profile: profile)
    let rows = configuration.batches.shardSize * configuration.views.count
    let encoder = try ResNet(
      context, configuration.architecture, views: rows, height: opened.viewSize.height, width: opened.viewSize.width)
    world.activity.begin("the encoder's layers", allowsSilence: true)
    let costs = try costs(of: encoder, context, rows: rows, rounds: request.steps)
    // With bfloat16 maps alone, products are float32.
    let products =
      InstructionSet.effective == .avx512BFloat16Maps ? Precision.float32 : configuration.compute.resolvedPrecision
    let peaks = LayerBenchmarkResult.Peaks(
      gigaflops: 1e-9 * (try ConvolutionPeak.rate(engine, products)),
      gigabytesPerSecond: try MachinePeaks.measure(threads: 1, over: world).memoryGigabytesPerSecond)
    let result = LayerBenchmarkResult(
      configuration, viewSize: [opened.viewSize.height, opened.viewSize.width], layers: profile.layers, costs, peaks)
    report(result.table())
    try request.json.map { path in try result.write(to: path) }
  }

  private static func costs(
    of encoder: ResNet, _ context: NetworkContext, rows: Int, rounds: Int
  ) throws -> Costs {
    var stream = RandomStream(seed: 0, .initialization)
    unsafe encoder.views.withFloats { elements in
      for index in elements.indices {
        unsafe elements[index] = stream.nextUniform() - 0.5
      }
    }
    let parameters = context.parameters.initialValues(seed: 0)
    let saved = try encoder.makeSavedActivations()
    var representations = [Float](repeating: 0, count: rows * encoder.representationWidth)
    let outputGradient = representations.indices.map { _ in 1e-3 * (stream.nextUniform() - 0.5) }
    var gradient = [Float](repeating: 0, count: parameters.count)
    var costs = Costs()
    // The first round only warms the caches.
    for round in 0..<rounds + 1 {
      context.profile?.beginRound()
      try encoder.load(parameters.span)
      var features = representations.mutableSpan
      try encoder.forward(saved, into: &features)
      var elements = gradient.mutableSpan
      try encoder.backward(saved, representationGradient: outputGradient.span, into: &elements)
      if round > 0, let profile = context.profile {
        costs.take(profile.costs)
      }
    }
    return costs
  }
}

/// The measurement of this machine's peak rate for convolutions, with a 1×1 convolution whose operands stay in the
/// caches.
private enum ConvolutionPeak {
  /// Returns the additions and multiplications per second of the convolution on one thread, the best of several rounds.
  static func rate(_ engine: Engine, _ precision: Precision) throws -> Double {
    let context = try ExecutionContext(engine)
    let input = ActivationShape(
      batch: 8, channels: 256, height: 14, width: 14, channelBlock: FeatureMapKernels.preferredChannelBlock)
    let geometry = Convolution.Geometry(
      input: input, outputChannels: 256, kernel: 1, stride: 1, padding: 0, outputChannelBlock: input.channelBlock)
    let convolution = try Convolution(engine, context, geometry, precision, passes: .inference)
    try convolution.load(weights: [Float](repeating: 0.5, count: 256 * 256).span)
    let (source, target) = (try Tensor(engine, input, precision), try Tensor(engine, geometry.output, precision))
    let operations = 2.0 * Double(input.count) * 256
    var best = 0.0
    for _ in 0..<40 {
      let start = LayerProfile.now()
      for _ in 0..<5 {
        try convolution.forward(source, into: target)
      }
      best = max(best, 5 * operations / (LayerProfile.now() - start))
    }
    return best
  }
}
