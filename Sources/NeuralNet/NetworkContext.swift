import OneDNN

/// The use of a network: training or evaluation.
public enum NetworkMode: Sendable {
  /// BatchNorm takes the statistics of the shard or its group; backward passes are compiled.
  case training
  /// BatchNorm takes the running statistics; only forward passes are compiled.
  case inference
}

/// Shared state of the layers of one thread's network: engine, precision, scratch memory, and the layouts that they register in.
public final class NetworkContext {
  let engine: Engine
  let execution: ExecutionContext
  let mode: NetworkMode
  let precision: Precision

  /// The slices registered so far.
  public internal(set) var layout = ModelLayout()

  /// The parameters registered so far.
  public var parameters: VectorLayout { layout.parameters }

  /// The running statistics registered so far.
  public var statistics: VectorLayout { layout.statistics }

  /// The packed weights of all convolutions, which the contexts of several threads share.
  public let packedWeights: PackedWeights

  /// The group of the shard that is computed next; `nil` if BatchNorm takes each shard's own statistics.
  public var statisticsGroup: (any StatisticsGroup)?

  /// The vectors that the shards of a group sum.
  public internal(set) var statisticsExchanges = StatisticsExchanges()

  /// The times of layers and passes, if they are taken.
  public let profile: LayerProfile?

  /// The vectors that a backward pass writes its gradients in.
  public enum GradientVectors: Sendable {
    /// One vector of the parameters' layout.
    case whole
    /// A vector for each part, in which its first parameter has position 0.
    case perPart
  }

  private let gradientVectors: GradientVectors
  /// The first parameters of the parts whose gradients are complete together.
  private(set) var gradientParts: [Int] = []
  /// The position in the parameters of the first gradient of the present part.
  private(set) var gradientStart = 0

  /// Memory for each role, as large as its largest tensor: two tensors of one role are never in use at the same time.
  private var scratch: [ScratchRole: DeferredMemory] = [:]

  /// A context for one thread.
  ///
  /// - Parameters:
  ///   - engine: The engine.
  ///   - mode: The use of the network.
  ///   - precision: The type of the feature maps.
  ///   - gradientVectors: The vectors that a backward pass writes its gradients in.
  ///   - packedWeights: The packed weights, shared with the same network of other threads.
  ///   - profile: Receives the time of each layer and pass; `nil` to take none.
  /// - Throws: `DNNLError` if oneDNN gives no stream.
  public init(
    _ engine: Engine, mode: NetworkMode, precision: Precision, gradientVectors: GradientVectors = .whole,
    packedWeights: PackedWeights = PackedWeights(), profile: LayerProfile? = nil
  ) throws(DNNLError) {
    self.profile = profile
    self.engine = engine
    self.mode = mode
    self.precision = precision
    self.gradientVectors = gradientVectors
    self.packedWeights = packedWeights
    execution = try ExecutionContext(engine)
  }

  var isTraining: Bool { mode == .training }

  /// Begins the part of the gradients of the parameters that are registered next.
  public func beginGradientPart() {
    gradientParts.append(parameters.count)
    if gradientVectors == .perPart {
      gradientStart = parameters.count
    }
  }

  /// The places of a parameter's gradient in the part that is written with it.
  func gradientRange(of slice: VectorSlice) -> Range<Int> {
    slice.range.shifted(down: gradientStart)
  }

  /// True if 3×3 convolutions use Winograd's method: always, except in bfloat16 on CPUs with AMX tiles, whose direct products are faster.
  var usesWinograd: Bool { precision == .float32 || !InstructionSet.hasTiles }

  /// Memory for the passes of its Winograd convolutions.
  let winogradScratch = WinogradScratch()

  /// A batch of feature maps that is kept from the forward to the backward pass.
  func makeActivation(_ shape: ActivationShape) throws(DNNLError) -> Tensor {
    try Tensor(engine, shape, precision)
  }

  /// A batch of feature maps that is used within one block's pass, in memory that all blocks share.
  func scratchTensor(_ shape: ActivationShape, _ role: ScratchRole) throws(DNNLError) -> Tensor {
    let memory = scratch[role] ?? DeferredMemory()
    scratch[role] = memory
    return try Tensor(engine, shape, precision, in: memory)
  }

  /// The same for each of some shapes.
  func scratchTensors(_ shapes: ArraySlice<ActivationShape>, _ role: ScratchRole) throws(DNNLError) -> [Tensor] {
    var tensors: [Tensor] = []
    for shape in shapes {
      tensors.append(try scratchTensor(shape, role))
    }
    return tensors
  }
}

/// The contents of a scratch tensor while a block runs.
enum ScratchRole: Hashable {
  /// The stem's ReLU's output.
  case stem
  /// The same after pooling.
  case pooled
  /// The output of a ReLU within a block; the gradient before the stem's pooling.
  case hidden
  /// The gradient that comes in and goes out.
  case main
  /// The gradient before a block's last ReLU, and that of the shortcut's input.
  case shortcut
  /// Forward, in evaluation: a convolution's output. Backward: the gradient between normalization and convolution.
  case inner
  /// The output of every second block, from the first on.
  case evenOutput
  /// In evaluation, the output of the blocks between.
  case oddOutput
  /// A convolution's output that is computed again for the backward pass, by its place in the block.
  case recomputed(Int)
}
