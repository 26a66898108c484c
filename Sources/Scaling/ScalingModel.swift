import MPI

/// The sizes of batch and model that determine how many bytes the ranks exchange in one step.
package struct StepSizes: Sendable, Codable {
  /// The number of samples in a shard (fixed part of the global batch).
  package var samplesPerShard: Int
  /// The number of rows (views) in a shard.
  package var rowsPerShard: Int
  /// The bytes of one embedding in a message; 0 without a contrastive loss.
  package var embeddingByteCount: Int
  /// The bytes per row of the row statistics that the loss gathers.
  package var statisticByteCount: Int
  /// The bytes per sample of the labels that the loss gathers.
  package var labelByteCount: Int
  /// The number of elements of the vector that is summed over the ranks.
  package var vectorLength: Int
  /// The first element of each segment of the vector (range that the backward pass completes at once), ascending.
  package var segments: [Int]
  /// The sums of BatchNorm's statistics; `nil` if each shard has its own.
  package var sharedStatistics: SharedStatistics?

  package init(
    samplesPerShard: Int, rowsPerShard: Int, embeddingByteCount: Int, statisticByteCount: Int, labelByteCount: Int,
    vectorLength: Int, segments: [Int], sharedStatistics: SharedStatistics? = nil
  ) {
    self.samplesPerShard = samplesPerShard
    self.rowsPerShard = rowsPerShard
    self.embeddingByteCount = embeddingByteCount
    self.statisticByteCount = statisticByteCount
    self.labelByteCount = labelByteCount
    self.vectorLength = vectorLength
    self.segments = segments
    self.sharedStatistics = sharedStatistics
  }
}

/// The seconds of a rank's own computation in a step, as measured on one rank.
package struct ComputeSeconds: Sendable, Codable {
  /// The seconds of making the views of a shard.
  package var data: Double
  /// The seconds of the forward pass of a shard.
  package var forward: Double
  /// The seconds of the backward pass of a shard.
  package var backward: Double
  /// The fraction of shards (parts of the batch) whose forward pass is computed twice.
  package var recomputedShare: Double
  /// The seconds from the start of a backward pass until each segment of the vector is complete.
  package var segments: [Double]
  /// The seconds of the loss per row of the global batch.
  package var lossPerRow: Double
  /// The seconds of the loss per pair of a row of the global batch and a row of the rank.
  package var lossPerPair: Double
  /// The seconds of the update of the parameters by the optimizer.
  package var update: Double
  /// The seconds of a core for each byte of gradients that ranks exchange.
  package var messages: MessageWork

  package init(
    data: Double, forward: Double, backward: Double, recomputedShare: Double, segments: [Double], lossPerRow: Double,
    lossPerPair: Double, update: Double, messages: MessageWork
  ) {
    self.data = data
    self.forward = forward
    self.backward = backward
    self.recomputedShare = recomputedShare
    self.segments = segments
    self.lossPerRow = lossPerRow
    self.lossPerPair = lossPerPair
    self.update = update
    self.messages = messages
  }
}

/// A model of the time of a training step on any number of equal hosts, from measurements on one rank.
package struct ScalingModel: Sendable {
  package var sizes: StepSizes
  package var compute: ComputeSeconds
  package var ranksPerHost: Int
  /// The number of threads of each rank that compute shards (parts of the batch).
  package var threads: Int
  package var link: NetworkLink
  /// True if gradients are summed over the ranks during the backward pass, when there are several hosts.
  package var isOverlapping: Bool

  package init(
    _ sizes: StepSizes, _ compute: ComputeSeconds, ranksPerHost: Int, threads: Int, link: NetworkLink,
    isOverlapping: Bool
  ) {
    self.sizes = sizes
    self.compute = compute
    self.ranksPerHost = ranksPerHost
    self.threads = threads
    self.link = link
    self.isOverlapping = isOverlapping
  }

  /// Predicts the time and the messages of a step.
  ///
  /// - Parameters:
  ///   - shards: The number of shards of the global batch, at least one per rank.
  ///   - hosts: The number of hosts.
  /// - Returns: The prediction for the rank with the most shards.
  package func step(shards: Int, hosts: Int) -> StepPrediction {
    let cluster = Cluster(hosts: hosts, ranksPerHost: ranksPerHost, link: link)
    let partition = BlockPartition(total: shards, parts: cluster.ranks)
    let most = partition.ranges.map(\.count).max() ?? 0
    let turns = Double((most + threads - 1) / threads)
    let pieces = ReductionMessages.pieces(
      at: sizes.segments, length: sizes.vectorLength, ranks: cluster.ranks)
    let reduction = ReductionCost(
      ReductionMessages(length: sizes.vectorLength, pieces: pieces, shards: partition, ranksPerHost: ranksPerHost),
      on: cluster, isOverlapping: isOverlapping && hosts > 1, compute.messages)
    let gathers = gathers(shards: shards, most: most, on: cluster)
    let statistics = sizes.sharedStatistics.map { statistics in
      StatisticsCost(statistics, shards: partition, shardCount: shards, on: cluster)
    }
    let rows = Double(shards * sizes.rowsPerShard)
    let ownRows = Double(most * sizes.rowsPerShard)
    let again = compute.recomputedShare
    let exposed = reduction.exposedSeconds(completions: completions(of: pieces), threads: threads)
    return StepPrediction(
      hosts: hosts, ranks: cluster.ranks, samples: shards * sizes.samplesPerShard,
      seconds: StepPrediction.Seconds(
        data: turns * compute.data * (1 + again), forward: turns * compute.forward,
        statistics: statistics?.seconds ?? 0, gather: gathers.reduce(0) { sum, cost in sum + cost.seconds },
        loss: rows * (compute.lossPerRow + ownRows * compute.lossPerPair),
        backward: turns * (compute.backward + again * compute.forward), reduce: exposed, update: compute.update),
      reductionSeconds: reduction.pieceSeconds.reduce(0, +),
      traffic: ([statistics?.slices, statistics?.sums].compactMap(\.self) + gathers + [
        reduction.slices, reduction.sums,
      ])
      .filter { cost in cost.calls > 0 })
  }

  /// Returns, for each piece, the seconds from its completion until the end of the backward pass of the last shard.
  private func completions(of pieces: [Int]) -> [Double] {
    let whole = compute.segments.max() ?? 0
    return zip(sizes.segments, compute.segments).filter { bound, _ in pieces.contains(bound) }.map { _, seconds in
      whole > 0 ? compute.backward * (1 - seconds / whole) : 0
    }
  }

  /// Returns the costs of gathering embeddings, labels and row statistics for the contrastive loss.
  private func gathers(shards: Int, most: Int, on cluster: Cluster) -> [MessageCost] {
    let all: [(name: String, bytesPerShard: Int)] = [
      ("embeddings", sizes.rowsPerShard * sizes.embeddingByteCount),
      ("labels", sizes.samplesPerShard * sizes.labelByteCount),
      ("log-sum-exps", sizes.rowsPerShard * sizes.statisticByteCount),
    ]
    return all.filter { gather in gather.bytesPerShard > 0 }.map { name, bytes in
      var cost = MessageCost(name, .allGather)
      let (network, seconds) = cluster.allGather(block: Double(most * bytes))
      let others = Double(cluster.ranks - 1) / Double(cluster.ranks)
      cost.add(receivedBytes: Double(shards * bytes) * others, networkBytes: network, seconds: seconds)
      return cost
    }
  }

  /// Returns the weak scaling efficiency: samples per second ÷ (hosts × samples per second of one host with its share
  /// of the batch).
  package func efficiency(of step: StepPrediction) -> Double {
    let alone = self.step(shards: max(step.samples / sizes.samplesPerShard / step.hosts, ranksPerHost), hosts: 1)
    return step.samplesPerSecond / (Double(step.hosts) * alone.samplesPerSecond)
  }

  /// The largest fraction of a step's time for which the network counts as hidden.
  package static let hiddenShare = 0.05

  /// Returns the smallest batch per host, of 1, 2, 4, … shards per thread, at which the network takes at most 5 % of
  /// the step.
  ///
  /// - Parameter hosts: The number of hosts.
  /// - Returns: The number of samples; `nil` if none of the batches is large enough.
  package func hiddenSamplesPerHost(hosts: Int) -> Int? {
    // Up to more shards one after the other than any host computes in a step.
    let shardCounts = (0...12).map { power in threads * ranksPerHost << power }
    let hidden = shardCounts.first { shards in
      step(shards: shards * hosts, hosts: hosts).networkShare <= Self.hiddenShare
    }
    return hidden.map { shards in shards * sizes.samplesPerShard }
  }

  /// Predicts the step on 1, 2, 4, … hosts and on `hosts` hosts, with the same batch on each host.
  ///
  /// - Parameters:
  ///   - shardsPerHost: The number of shards per host, at least one per rank.
  ///   - hosts: The largest number of hosts.
  /// - Returns: A prediction for each number of hosts.
  package func weakScaling(shardsPerHost: Int, to hosts: Int) -> [StepPrediction] {
    var counts: [Int] = []
    var count = 1
    while count < hosts {
      counts.append(count)
      count *= 2
    }
    return (counts + [hosts]).map { hosts in step(shards: shardsPerHost * hosts, hosts: hosts) }
  }
}
