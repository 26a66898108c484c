import Configuration
import DistributedStep
import FoundationEssentials
import ImageCodecs
import NeuralNet

/// The result of `supcon plan`, with the structure of its JSON object.
struct PlanResult: Codable {
  var command = "plan"
  var version = supconVersion
  var model: String
  var precision: String
  /// The height and width of views in pixels.
  var imageSize: [Int]
  var ranks: Int
  var ranksOnHost: Int
  var threadsPerRank: Int
  var batchSize: Int
  var shardSize: Int
  var views: Int
  /// The number of parameters of each part of the network, in the order of computation.
  var parameters: [Part]
  var parametersTotal: Int
  var multiplyAddsForwardPerView: Int
  var multiplyAddsBackwardPerView: Int
  var memoryPerRank: [MemoryEstimate.Item]
  var memoryPerRankBytes: Int
  /// The estimated memory of all ranks on this host, in bytes.
  var memoryPerHostBytes: Int
  /// The available memory of this host in bytes; `nil` if the system does not report it.
  var freeBytes: Int?
  var fits: Bool
  var shardsPerRank: Int
  /// The number of a rank's shards (parts of the batch) whose activations are saved; the others are recomputed.
  var shardsKept: Int
  var shardActivationBytes: Int
  /// The bytes of a shard of which only the block outputs are saved; absent unless shards share BatchNorm statistics.
  var shardBlockOutputBytes: Int?
  var stepsPerEpoch: Int
  var steps: Int
  /// The estimated seconds of a step with views of the full size; `nil` if the run does not fit into memory, because no
  /// step is timed then.
  var secondsPerStep: Double?
  /// The same of an epoch.
  var secondsPerEpoch: Double?
  /// The estimated seconds of all steps, those of ``stages`` among them.
  var secondsTotal: Double?
  /// The stages with views below the full size; absent without `--progressive-size`.
  var stages: [PlanTimes.Stage]?
  var checkpointBytes: Int
  var checkpointsKept: Int
  /// The prediction for several hosts, if it was asked for and the run fits in memory.
  var scaling: ScalingResult?

  /// A part of the network with its number of parameters.
  package struct Part: Codable {
    let name: String
    var count: Int
  }

  init(
    _ configuration: Configuration, viewSize: ImageSize, _ memory: MemoryEstimate,
    layout: ModelLayout, ranks: Int, ranksOnHost: Int, freeByteCount: Int?,
    stepsPerEpoch: Int, steps: Int, times: PlanTimes?
  ) {
    model = configuration.model.name
    precision = configuration.compute.resolvedPrecision.rawValue
    imageSize = [viewSize.height, viewSize.width]
    self.ranks = ranks
    self.ranksOnHost = ranksOnHost
    threadsPerRank = configuration.compute.threads
    batchSize = configuration.batches.size
    shardSize = configuration.batches.shardSize
    views = configuration.views.count
    parameters = Self.parts(of: layout.parameters)
    parametersTotal = layout.parameters.count
    (multiplyAddsForwardPerView, multiplyAddsBackwardPerView) = configuration.multiplyAdds(
      height: viewSize.height, width: viewSize.width)
    // The items add up to the sum below, whatever their sign.
    memoryPerRank = memory.items.filter { item in item.byteCount != 0 }
    memoryPerRankBytes = memory.byteCount
    memoryPerHostBytes = memory.hostByteCount
    freeBytes = freeByteCount
    // Steps are timed if the run fits on every host; the free bytes are those of this one.
    fits = times != nil
    shardsPerRank = memory.shardsPerRank
    shardsKept = memory.keptShards
    shardActivationBytes = memory.shardActivations
    shardBlockOutputBytes = memory.shardBlockOutputs
    self.stepsPerEpoch = stepsPerEpoch
    self.steps = steps
    secondsPerStep = times?.secondsPerStep
    secondsPerEpoch = times.map { times in times.secondsPerStep * Double(stepsPerEpoch) }
    secondsTotal = times?.secondsTotal(steps: steps)
    stages = times.flatMap { times in times.stages.isEmpty ? nil : times.stages }
    let optimizerVectors = configuration.makeOptimizer(layout.parameters).stateNames.count
    let copies = configuration.optimizer.averageDecay == nil ? 1 : 2
    checkpointBytes =
      MemoryLayout<Float>.size
      * ((copies + optimizerVectors) * layout.parameters.count + copies * layout.statistics.count)
    checkpointsKept = configuration.checkpoints.keep
    scaling = times?.scaling
  }

  /// Returns the parts of the network with their numbers of parameters.
  ///
  /// `encoder.layer1.0.conv1.weight` belongs to the part `layer1`, everything before the groups of blocks to `stem`.
  private static func parts(of layout: VectorLayout) -> [Part] {
    var parts: [Part] = []
    for slice in layout.slices {
      let words = slice.name.split(separator: ".").map(String.init)
      let name =
        words[0] == "encoder" ? words[1].hasPrefix("layer") ? words[1] : "stem" : words[0]
      if let index = parts.firstIndex(where: { part in part.name == name }) {
        parts[index].count += slice.range.count
      } else {
        parts.append(Part(name: name, count: slice.range.count))
      }
    }
    return parts
  }

  /// Returns the result as JSON text.
  func json() -> String {
    guard let text = try? jsonText(self, keys: .convertToSnakeCase) else {
      preconditionFailure("a plan that is no JSON")
    }
    return text
  }
}
