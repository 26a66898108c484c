import Configuration
import Job
import MPI
import Scaling

/// The prediction of `supcon plan --hosts`, in the form of its JSON object.
struct ScalingResult: Codable {
  var hosts: Int
  var ranksPerHost: Int
  /// The network between the hosts; absent for one host.
  var link: NetworkLink?
  var overlap: Bool
  var secondsPerStep: Double
  /// The seconds of the parts of the step.
  var seconds: StepPrediction.Seconds
  /// The seconds of the whole reduction of gradients, part of which overlaps with the backward pass.
  var reductionSeconds: Double
  /// The fraction of the step in which ranks only wait for messages.
  var networkShare: Double
  /// The weak scaling efficiency: samples per second ÷ (hosts × samples per second of one host with its share of the
  /// batch).
  var efficiency: Double
  /// The bytes that cross the link of the busiest host in a step, in the busier direction.
  var networkBytesPerHost: Double
  /// The costs of messages by purpose.
  var traffic: [MessageCost]
  /// The smallest batch per host, of 1, 2, 4, … shards per thread, at which the network takes at most 5 % of the step;
  /// absent if none is large enough.
  var hiddenBatchPerHost: Int?
  /// The predictions for fewer hosts with the same batch on each host.
  var weakScaling: [Row]
  var assumptions: [String]

  /// The inputs of the model: the sizes of batch and model, and measured seconds.
  var inputs: Inputs

  /// The inputs of the model: the sizes of batch and model, and measured seconds.
  struct Inputs: Codable {
    var sizes: StepSizes
    var compute: ComputeSeconds
    /// The CPU seconds per message.
    var messageSeconds: Double
  }

  /// The prediction for one number of hosts.
  struct Row: Codable {
    var hosts: Int
    var ranks: Int
    var batchSize: Int
    var secondsPerStep: Double
    var efficiency: Double
    var networkShare: Double
    /// The seconds of the parts of the step.
    var seconds: StepPrediction.Seconds
  }

  /// Predicts a run.
  ///
  /// - Parameters:
  ///   - configuration: A resolved configuration.
  ///   - probe: The measurements of one rank.
  ///   - hosts: The number of hosts.
  ///   - ranksPerHost: The number of ranks on each host.
  ///   - link: The network between the hosts; `nil` for one host.
  init(_ configuration: Configuration, _ probe: StepProbe, hosts: Int, ranksPerHost: Int, _ link: NetworkLink?) {
    let batches = configuration.batches
    let model = ScalingModel(
      StepSizes(configuration, probe), probe.compute, ranksPerHost: ranksPerHost,
      threads: configuration.compute.threads,
      link: link ?? NetworkLink(bytesPerSecond: .infinity, latencySeconds: 0),
      isOverlapping: configuration.compute.overlap != .off && !batches.isSharingStatistics)
    let step = model.step(shards: batches.shardCount, hosts: hosts)
    self.hosts = hosts
    self.ranksPerHost = ranksPerHost
    self.link = link
    overlap = model.isOverlapping && hosts > 1
    secondsPerStep = step.stepSeconds
    seconds = step.seconds
    reductionSeconds = step.reductionSeconds
    networkShare = step.networkShare
    efficiency = model.efficiency(of: step)
    networkBytesPerHost = step.networkBytes
    traffic = step.traffic
    hiddenBatchPerHost = model.hiddenSamplesPerHost(hosts: hosts)
    weakScaling = model.weakScaling(shardsPerHost: max(batches.shardCount / hosts, ranksPerHost), to: hosts).map {
      step in
      Row(
        hosts: step.hosts, ranks: step.ranks, batchSize: step.samples, secondsPerStep: step.stepSeconds,
        efficiency: model.efficiency(of: step), networkShare: step.networkShare,
        seconds: step.seconds)
    }
    inputs = Inputs(sizes: model.sizes, compute: model.compute, messageSeconds: Cluster.messageSeconds)
    assumptions = Self.assumptions(model, hosts: hosts)
  }

  /// Returns the assumptions of the model, one per sentence.
  private static func assumptions(_ model: ScalingModel, hosts: Int) -> [String] {
    let ranks = "\(counted(model.ranksPerHost, "rank")) × \(counted(model.threads, "thread"))"
    let needed = model.ranksPerHost * model.threads
    let own = ProcessMeasurements.allowedProcessorCount() ?? needed
    let like =
      needed > own
      ? "has CPUs like those of this one (\(ProcessMeasurements.cpuName())), but \(needed) of them for its threads, where this one has \(own),"
      : "is like this one (\(ProcessMeasurements.cpuName()))"
    let computing =
      "Every host \(like) and computes with \(ranks) at the speed of the one rank that was tried here; none waits for a slower one."
    let work = model.compute.messages
    func nanoseconds(_ seconds: Double) -> String { decimal(1e9 * seconds, 2) }
    guard hosts > 1 else { return [computing, "Messages inside a host take no time."] }
    let message = "\(plain((1e6 * Cluster.messageSeconds).rounded())) us for each message after the first"
    let others = model.ranksPerHost > 1 ? "those in its place on all other hosts" : "every other"
    let sentences: [String?] = [
      computing,
      "A core copies, adds and sends gradients at the speed measured here: \(nanoseconds(work.sumSecondsPerByte)) ns a byte for messages and sums, \(nanoseconds(work.socketSecondsPerByte)) ns for the kernel's part.",
      "All hosts use their links at full speed at once, in both directions, through a switch that blocks none. Messages inside a host take no time.",
      "Embeddings, labels and log-sum-exps are gathered by doubling distances, from \(Cluster.longGather >> 10) KiB in all around the ring of ranks.",
      model.isOverlapping
        ? "Gradients are reduced while the last shard of each thread runs backward: every rank sends to \(others), \(message), which its threads lose, and \(plain((1e6 * Waiting.pauseSeconds).rounded())) us between polls."
        : "Gradients are reduced after the backward pass: slices to \(others), \(message), then a gather as above.",
      model.sizes.sharedStatistics == nil
        ? nil
        : "At each BatchNorm, forward and backward, all ranks of a group wait for the sums of its statistics: twice a message to every other rank, \(message).",
      model.ranksPerHost > 1
        ? "The ranks of a host sum their gradients before they send them to other hosts, so that its traffic does not grow with its ranks."
        : nil,
    ]
    return sentences.compactMap(\.self)
  }

  /// The lines of the result as a table for the terminal.
  var lines: [String] {
    var lines = [
      "\(counted(hosts, "host")) × \(counted(ranksPerHost, "rank"))" + (link.map { link in ", \(link.text)" } ?? ""),
      row("part", "seconds", "share"),
    ]
    lines += (seconds.parts + [("step", secondsPerStep)]).map { name, seconds in
      row(name, decimal(seconds, 4), percentage(seconds / secondsPerStep))
    }
    lines += ["", row("messages", "into a rank", "host's link", "seconds")]
    lines += traffic.map { cost in
      row(
        "\(cost.name) (\(cost.calls) × \(cost.collective))", fineMegabytes(cost.receivedBytes),
        fineMegabytes(cost.networkBytes), decimal(cost.seconds, 4))
    }
    lines += [
      "", row("efficiency against one host", percentage(efficiency)),
      row("traffic of a host and step", fineMegabytes(networkBytesPerHost)),
      row("reduction of gradients", "\(decimal(reductionSeconds, 4)) s"),
      row("  during the backward pass", "\(decimal(max(reductionSeconds - seconds.reduce, 0), 4)) s"),
      row(
        "network at most \(percentage(ScalingModel.hiddenShare)) of a step",
        hiddenBatchPerHost.map { batch in "from a batch of \(batch) a host" } ?? "at no batch"),
      "", row("weak scaling", "batch", "seconds", "efficiency", "network"),
    ]
    lines += weakScaling.map { one in
      row(
        "\(counted(one.hosts, "host")), \(counted(one.ranks, "rank"))", "\(one.batchSize)",
        decimal(one.secondsPerStep, 4), percentage(one.efficiency), percentage(one.networkShare))
    }
    return lines + ["", "assumptions"] + assumptions.map { text in "  \(text)" }
  }

  private func row(_ name: String, _ values: String...) -> String {
    let padded = name.padded(40)
    return values.count == 1 ? padded + values[0] : padded + values.map { value in value.aligned(12) }.joined()
  }

  private func fineMegabytes(_ byteCount: Double) -> String { "\(decimal(1e-6 * byteCount, 3)) MB" }
}

extension StepSizes {
  /// Creates the sizes from a resolved configuration and the measurements of its model.
  init(_ configuration: Configuration, _ probe: StepProbe) {
    let (loss, batches) = (configuration.loss, configuration.batches)
    let isContrasting = configuration.isContrasting
    let isGlobal = batches.batchNorm == .global
    self.init(
      samplesPerShard: batches.shardSize, rowsPerShard: batches.shardSize * configuration.views.count,
      embeddingByteCount: isContrasting ? configuration.widthOfEmbeddings * loss.gatherPrecision.byteCount : 0,
      statisticByteCount: isContrasting ? loss.resolvedVariant.statisticsPerRow * MemoryLayout<Float>.stride : 0,
      labelByteCount: isContrasting && loss.kind.usesLabels ? MemoryLayout<Int32>.stride : 0,
      vectorLength: probe.vectorLength, segments: probe.segments,
      sharedStatistics: batches.isSharingStatistics
        ? SharedStatistics(
          forward: probe.statisticsLengths.forward, backward: probe.statisticsLengths.backward,
          shardsPerGroup: isGlobal ? nil : batches.shardsPerGroup(ofShards: batches.shardCount))
        : nil)
  }
}
