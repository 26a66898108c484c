import OneDNN

/// The use of a network: training or evaluation.
public enum NetworkMode: Sendable {
  /// BatchNorm takes the statistics of the shard; backward passes are compiled.
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

  private var scratch: [ScratchKey: Tensor] = [:]

  private struct ScratchKey: Hashable {
    let shape: ActivationShape
    let role: ScratchRole
  }

  /// A context for one thread.
  ///
  /// - Throws: `DNNLError` if oneDNN gives no stream.
  public init(_ engine: Engine, mode: NetworkMode, precision: Precision) throws(DNNLError) {
    self.engine = engine
    self.mode = mode
    self.precision = precision
    execution = try ExecutionContext(engine)
  }

  var isTraining: Bool { mode == .training }

  /// True if 3×3 convolutions use Winograd's method: always, except in bfloat16 on CPUs with AMX tiles, whose direct products are faster.
  var usesWinograd: Bool { precision == .float32 || !InstructionSet.hasTiles }

  /// Memory for the passes of its Winograd convolutions.
  let winogradScratch = WinogradScratch()

  /// A batch of feature maps that is kept from the forward to the backward pass.
  func makeActivation(_ shape: ActivationShape) throws(DNNLError) -> Tensor {
    try Tensor(engine, shape, precision)
  }

  /// A batch of feature maps that is used within one block's pass and shared by all blocks with this shape.
  func scratchTensor(_ shape: ActivationShape, _ role: ScratchRole) throws(DNNLError) -> Tensor {
    let key = ScratchKey(shape: shape, role: role)
    if let tensor = scratch[key] {
      return tensor
    }
    let tensor = try Tensor(engine, shape, precision)
    scratch[key] = tensor
    return tensor
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
  /// The output of a ReLU within a block.
  case hidden
  /// The gradient that comes in and goes out.
  case main
  /// The gradient before a block's last ReLU, and that of the shortcut's input.
  case shortcut
  /// Forward, in evaluation: a convolution's output. Backward: the gradient between normalization and convolution.
  case inner
  /// In evaluation, the output of every second block.
  case evenOutput
  /// In evaluation, the output of the blocks between.
  case oddOutput
}
