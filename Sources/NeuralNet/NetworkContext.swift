import OneDNN

/// The use of a network: training or evaluation.
public enum NetworkMode: Sendable {
  /// Training: BatchNorm uses the statistics of the shard (part of the batch) or its group; compiles backward passes.
  case training
  /// Evaluation: BatchNorm uses the running statistics, and only forward passes are compiled.
  case inference
}

/// The state shared by the layers of one thread's network: engine, precision, scratch memory, and the layouts in which
/// they register parameters.
public final class NetworkContext {
  let engine: Engine
  let execution: ExecutionContext
  let mode: NetworkMode
  let precision: Precision

  /// The layouts of the parameters and statistics registered so far.
  public internal(set) var layout = ModelLayout()

  /// The layout of the parameters registered so far.
  public var parameters: VectorLayout { layout.parameters }

  /// The layout of the running statistics registered so far.
  public var statistics: VectorLayout { layout.statistics }

  /// The weights of all convolutions in oneDNN's order, which the contexts of several threads share.
  public let packedWeights: PackedWeights

  /// The BatchNorm group of the shard that is computed next; `nil` if BatchNorm normalizes each shard by itself.
  public var batchNormGroup: (any BatchNormGroup)?

  /// The lengths of the vectors that BatchNorm sums over a group of shards.
  public internal(set) var batchNormExchangeLengths = BatchNormExchangeLengths()

  /// The profile that receives the times of layers and passes; `nil` for no profile.
  public let profile: LayerProfile?

  /// The form of the vectors into which a backward pass writes gradients.
  public enum GradientVectors: Sendable {
    /// One vector with the layout of all parameters.
    case whole
    /// One vector per part of the network, such as a convolution with its BatchNorm.
    case perPart
  }

  private let gradientVectors: GradientVectors
  /// The index of the first parameter of each part of the network; the gradients of a part are complete together.
  private(set) var gradientParts: [Int] = []
  /// The index of the parameter whose gradient is element 0 of the gradient vector, for layers registered now.
  private(set) var gradientStart = 0

  /// The scratch memory of each role, of the size of its largest tensor; one tensor of a role is in use at a time.
  private var scratch: [ScratchRole: DeferredMemory] = [:]

  /// Creates the context of one thread's network.
  ///
  /// - Parameters:
  ///   - engine: The oneDNN engine.
  ///   - mode: Training or evaluation.
  ///   - precision: The data type of the feature maps.
  ///   - gradientVectors: The form of the vectors into which a backward pass writes gradients.
  ///   - packedWeights: The weights in oneDNN's order, shared with the same network of other threads.
  ///   - profile: Receives the times of layers and passes; `nil` for no profile.
  /// - Throws: `DNNLError` if oneDNN cannot create a stream.
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

  /// Begins a new part of the network, whose gradients are complete together; it gets the parameters registered next.
  public func beginGradientPart() {
    gradientParts.append(parameters.count)
    if gradientVectors == .perPart {
      gradientStart = parameters.count
    }
  }

  /// Returns the range of a parameter's gradient in the gradient vector of a backward pass.
  func gradientRange(of slice: VectorSlice) -> Range<Int> {
    slice.range.shifted(down: gradientStart)
  }

  /// True if 3×3 convolutions use Winograd's method: always, except in bfloat16 on CPUs with AMX tiles, whose direct
  /// products are faster.
  var usesWinograd: Bool { precision == .float32 || !InstructionSet.hasTiles }

  /// The scratch memory of the network's Winograd convolutions.
  let winogradScratch = WinogradScratch()

  /// Allocates a batch of feature maps that is saved from the forward to the backward pass.
  func makeActivation(_ shape: ActivationShape) throws(DNNLError) -> Tensor {
    try Tensor(engine, shape, precision)
  }

  /// Creates a scratch tensor for feature maps, in memory that all tensors of the same role share.
  func scratchTensor(_ shape: ActivationShape, _ role: ScratchRole) throws(DNNLError) -> Tensor {
    let memory = scratch[role] ?? DeferredMemory()
    scratch[role] = memory
    return try Tensor(engine, shape, precision, in: memory)
  }

  /// Creates scratch tensors of one role for feature maps of several shapes.
  func scratchTensors(_ shapes: ArraySlice<ActivationShape>, _ role: ScratchRole) throws(DNNLError) -> [Tensor] {
    var tensors: [Tensor] = []
    for shape in shapes {
      tensors.append(try scratchTensor(shape, role))
    }
    return tensors
  }
}

/// The role of a scratch tensor in the computation of a block; tensors of the same role share memory.
enum ScratchRole: Hashable {
  /// The output of the stem's ReLU.
  case stem
  /// The output of the stem's pooling.
  case pooled
  /// The output of a ReLU within a block, or the gradient before the stem's pooling.
  case hidden
  /// The gradient of a block's output and, after the block's backward pass, the gradient of the block's input.
  case main
  /// The gradient before a block's last ReLU, or the gradient of the shortcut's input.
  case shortcut
  /// In evaluation, the output of a convolution; in a backward pass, the gradient between normalization and
  /// convolution.
  case inner
  /// The output of every second block, beginning with the first.
  case evenOutput
  /// The output of every second block, beginning with the second; used only in evaluation.
  case oddOutput
  /// The output of a block's convolution with the given index, computed again for the backward pass.
  case recomputed(Int)
}
