import Configuration
import DistributedStep
import FoundationEssentials
import Job

/// The result of `supcon plan --propose`, with the structure of its JSON object.
struct ProposalResult: Codable {
  var command = "plan"
  var version = supconVersion
  var model: String
  var precision: String
  var batchSize: Int
  var shardSize: Int
  var views: Int
  /// The number of the host's cores on all sockets.
  var cores: Int
  var sockets: Int
  var memoryBytes: Int
  /// The proposals, the best one first.
  var proposals: [Proposal]

  /// A proposed way to start the run.
  struct Proposal: Codable {
    var ranks: Int
    var threadsPerRank: Int
    /// The binding: `core` if each rank is bound to cores of its own, else `none`.
    var binding: String
    var memoryPerHostBytes: Int
    /// The largest number of shards (parts of the batch) that one thread computes, one after the other.
    var shardsPerThread: Int
    /// The fraction of shards (parts of the batch) whose forward pass runs twice, because activations are not saved.
    var recomputedShare: Double
  }

  /// The largest number of proposals that are reported.
  private static let reportedCount = 6

  init(_ configuration: Configuration, _ topology: HostTopology, _ proposals: [LaunchProposal]) {
    model = configuration.model.name
    precision = configuration.compute.resolvedPrecision.rawValue
    batchSize = configuration.batches.size
    shardSize = configuration.batches.shardSize
    views = configuration.views.count
    cores = topology.cores
    sockets = topology.sockets
    memoryBytes = topology.memoryByteCount
    self.proposals = proposals.prefix(Self.reportedCount).map { proposal in
      Proposal(
        ranks: proposal.ranks, threadsPerRank: proposal.threads, binding: proposal.ranks > 1 ? "core" : "none",
        memoryPerHostBytes: proposal.byteCount, shardsPerThread: proposal.turns,
        recomputedShare: proposal.recomputedShare)
    }
  }

  /// Returns the result as JSON text.
  func json() -> String {
    guard let text = try? jsonText(self, keys: .convertToSnakeCase) else {
      preconditionFailure("a proposal that is no JSON")
    }
    return text
  }

  /// Formats the result as a table for the terminal.
  ///
  /// - Returns: The lines, without a newline at the end.
  func table() -> String {
    var lines = [
      "\(model), \(precision), batch \(batchSize) × \(views) views in shards of \(shardSize)",
      "\(counted(cores, "core")) on \(counted(sockets, "socket")), \(megabytes(memoryBytes)) of memory", "",
      "ranks × threads   memory of the host   shards a thread   computed twice",
    ]
    lines += proposals.map { proposal in
      "\(proposal.ranks) × \(proposal.threadsPerRank)".aligned(15)
        + megabytes(proposal.memoryPerHostBytes).aligned(21) + "\(proposal.shardsPerThread)".aligned(18)
        + "\(decimal(100 * proposal.recomputedShare, 0)) %".aligned(17)
    }
    if let best = proposals.first {
      lines += [
        "",
        "start it with: scripts/launch.sh -np \(best.ranks)\(best.binding == "core" ? " --bind" : "") pretrain --threads \(best.threadsPerRank) …",
      ]
    }
    return lines.joined(separator: "\n")
  }
}
