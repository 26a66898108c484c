import FlatVectors
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

  /// Registers the parameters and statistics of an encoder without its layers, for a head that is used alone.
  public func reserve(_ encoder: ResNetArchitecture) { layout.add(encoder) }

  /// The weights of all convolutions in oneDNN's order, which the contexts of several threads share.
  public let packedWeights: PackedWeights

  /// The parameters from which convolutions pack their weights (``PackedWeightStorage/onUse``); set during a pass.
  public var parametersInUse: FlatVector?

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
    /// One vector per segment of the network, such as a convolution with its BatchNorm.
    case perSegment
  }

  private let gradientVectors: GradientVectors
  /// The index of the first parameter of each segment of the network; the gradients of a segment are complete together.
  private(set) var segmentStarts: [Int] = []
  /// The index of the parameter whose gradient is element 0 of the gradient vector, for layers registered now.
  private(set) var gradientStart = 0

  /// The scratch memory of each role, of the size of its largest tensor; one tensor of a role is in use at a time.
  private var scratch: [ScratchRole: DeferredMemory] = [:]
  /// The scratch memory that saved activations lend.
  private var lent: (plan: ScratchPlan, memory: DeferredMemory)?
  /// True while layers are compiled whose scratch memory is lent.
  var isLent = false

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
    convolutionScratch = ConvolutionScratch(gradient: execution.gradientMemory)
  }

  var isTraining: Bool { mode == .training }

  /// Begins a new segment of the network, whose gradients are complete together, with the parameters registered next.
  public func beginSegment() {
    segmentStarts.append(parameters.count)
    if gradientVectors == .perSegment {
      gradientStart = parameters.count
    }
  }

  /// Registers a weight `[outputWidth, inputWidth]` without bias.
  ///
  /// - Returns: The weight, and the range of its gradient in the gradient vector of a backward pass.
  public func addWeight(
    _ name: String, inputWidth: Int, outputWidth: Int
  ) -> (weight: VectorSlice, gradientRange: Range<Int>) {
    let weight = layout.parameters.addLinear(
      name, inputWidth: inputWidth, outputWidth: outputWidth, hasBias: false
    ).weight
    return (weight, gradientRange(of: weight))
  }

  /// Returns the range of a parameter's gradient in the gradient vector of a backward pass.
  func gradientRange(of slice: VectorSlice) -> Range<Int> {
    slice.range.shifted(down: gradientStart)
  }

  /// The scratch memory of the network's convolutions by our own functions.
  let convolutionScratch: ConvolutionScratch

  /// The bytes of weight gradients in the order in which they are computed.
  public var gradientByteCount: Int { execution.gradientMemory.byteCount }

  /// Makes the network, whose weights no other thread uses, pack them immediately before each use, in the memory of its
  /// weight gradients, which are computed in between.
  public func packWeightsOnUse() {
    let byteCount = packedWeights.byteCount(.onUse)
    let canGrow = execution.gradientMemory.reserve(byteCount)
    packedWeights.setStorage(
      .onUse, common: canGrow ? execution.gradientMemory : DeferredMemory(byteCount: byteCount))
  }

  /// Allocates a batch of feature maps that is saved from the forward to the backward pass.
  func makeActivation(_ shape: ActivationShape) throws(DNNLError) -> Tensor {
    try Tensor(engine, shape, precision)
  }

  /// Allocates a batch of feature maps that is saved, in memory that is lent before and after if that suffices.
  func makeActivation(_ shape: ActivationShape, in lending: LendingMemory?) throws(DNNLError) -> Tensor {
    guard let lending, let position = lending.reserve(shape.count * precision.byteCount) else {
      return try makeActivation(shape)
    }
    return try Tensor(engine, shape, precision, in: lending.memory, at: position)
  }

  /// True if the output of the second block is in lent memory, not saved.
  var isSecondOutputLent: Bool { lent?.plan.places[.oddOutput] != nil }

  /// Begins a network whose scratch memory is partly lent.
  func begin(_ plan: ScratchPlan) {
    lent = plan.earlyBlockCount > 0 ? (plan, DeferredMemory(borrowing: plan.byteCount)) : nil
  }

  /// Returns memory for a shard's activations that lends the scratch memory; `nil` if none is lent.
  func makeLendingMemory() -> LendingMemory? {
    lent.map { lent in LendingMemory(byteCount: lent.plan.byteCount) }
  }

  /// Uses the memory of a shard's activations as scratch memory in the passes that follow.
  func borrow(_ lending: LendingMemory?) {
    if let lending {
      lent?.memory.use(lending.memory)
    }
  }

  /// Creates a batch of feature maps that is used within one block's pass, in memory that all blocks share, or that is
  /// lent.
  func scratchTensor(
    _ shape: ActivationShape, _ role: ScratchRole, mayBeLent: Bool = true
  ) throws(DNNLError) -> Tensor {
    if isLent, mayBeLent, let lent, let place = lent.plan.places[role] {
      let tensor = try Tensor(engine, shape, precision, in: lent.memory, at: place.lowerBound)
      precondition(tensor.byteCount <= place.count, "\(tensor.byteCount) bytes of scratch memory, not \(place.count)")
      return tensor
    }
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
  /// In evaluation, the output of a convolution.
  case inner
  /// The output of every second block, beginning with the first.
  case evenOutput
  /// In evaluation, the output of every second block, beginning with the second; in training, that of the second block
  /// if it is lent.
  case oddOutput
  /// The output of a block's convolution with the given index, computed again for the backward pass.
  case recomputed(Int)
}
