import OneDNN

/// Whether a network is made to be trained or to be evaluated.
public enum NetworkMode: Sendable {
  /// BatchNorm takes the statistics of the shard; backward passes are compiled.
  case training
  /// BatchNorm takes the running statistics; only forward passes are compiled.
  case inference
}

/// What the layers of one thread's network share while they are built: engine, precision, scratch memory, and the layouts they register in.
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

  /// Whether 3×3 convolutions go by Winograd's method: everywhere but where tiles of bfloat16 numbers multiply faster still.
  var usesWinograd: Bool { precision == .float32 || !InstructionSet.hasTiles }

  /// Memory for the passes of its Winograd convolutions.
  let winogradScratch = WinogradScratch()

  /// A batch of feature maps that is kept from the forward to the backward pass.
  func makeActivation(_ shape: ActivationShape) throws(DNNLError) -> Tensor {
    try Tensor(engine, shape, precision)
  }

  /// A batch of feature maps that lives within one block's pass, shared by all blocks with this shape.
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

/// What a scratch tensor holds while a block runs.
enum ScratchRole: Hashable {
  /// The stem's ReLU's output.
  case stem
  /// The same after pooling.
  case pooled
  /// The output of a ReLU within a block.
  case hidden
  /// The gradient that comes in and goes out.
  case main
  /// The gradient behind a block's last ReLU, and that of the shortcut's input.
  case shortcut
  /// Forward, in evaluation: a convolution's output. Backward: the gradient between normalization and convolution.
  case inner
  /// In evaluation, the output of every second block.
  case evenOutput
  /// In evaluation, the output of the blocks between.
  case oddOutput
}
