import Configuration
import Glibc
import MPI
import NeuralNet
import Runs

extension TrainingState {
  /// The numbers of a vector that one message contains.
  private static let elementsPerMessage = 1 << 20

  /// Returns the state with the same numbers in the place where ranks train it: in memory that those of a host share,
  /// each of which updates its part (``ownRange``), or in memory of each rank.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - sharing: The choice to share memory, the same on all ranks.
  ///   - isFromRoot: True if the numbers are those of rank 0; false if all ranks have the same ones.
  ///   - world: The ranks.
  ///   - report: Receives notes, on rank 0.
  /// - Throws: `MPIError` if a call of MPI fails.
  package func placed(
    _ sharing: ComputeOptions.SharedMemory, isFromRoot: Bool, over world: borrowing Communicator, report: Reporter
  ) throws -> TrainingState {
    var placed = self
    if sharing == .auto {
      try placed.shareMemory(over: world, report: report)
    }
    if isFromRoot {
      try placed.receive(self, over: world)
    } else {
      for (target, source) in zip(placed.parameterVectors, parameterVectors) {
        target.copy(placed.ownRange, from: source)
      }
    }
    if sharing == .auto {
      try world.hostBarrier()
    }
    return placed
  }

  /// Broadcasts the training state of rank 0 to all ranks.
  ///
  /// Collective.
  package mutating func broadcast(over world: borrowing Communicator) throws(MPIError) {
    try receive(self, over: world)
  }

  /// Receives the state of rank 0, of which it keeps what this rank updates.
  ///
  /// Collective.
  private mutating func receive(_ source: TrainingState, over world: borrowing Communicator) throws(MPIError) {
    var steps = [Int64(source.step)]
    try world.broadcast(&steps)
    step = Int(steps[0])
    for (target, source) in zip(parameterVectors, source.parameterVectors) {
      try Self.broadcast(source, over: world, into: target, ownRange)
    }
    for (target, source) in zip(statisticsVectors, source.statisticsVectors) {
      try Self.broadcast(source, over: world, into: target, target.indices)
    }
    average = average.map { average in
      EMAWeights(decay: average.decay, average.parameters, average.statistics, step: step)
    }
  }

  /// Broadcasts a vector of rank 0, piece by piece, and writes the elements of a range into another vector.
  private static func broadcast(
    _ source: FlatVector, over world: borrowing Communicator, into target: FlatVector, _ range: Range<Int>
  ) throws(MPIError) {
    for start in stride(from: 0, to: source.count, by: elementsPerMessage) {
      let piece = start..<min(start + elementsPerMessage, source.count)
      var elements = world.isRoot ? Array(source[piece]) : Array(repeating: 0, count: piece.count)
      try world.broadcast(&elements)
      let own = piece.clamped(to: range)
      target.replace(own, with: elements[own.lowerBound - start..<own.upperBound - start])
    }
  }

  // MARK: - Shared memory

  /// Moves the vectors of all parameters into memory that the ranks of a host share, without their numbers, and takes a
  /// part of them; without effect on a host with one rank, or whose ranks cannot share memory.
  ///
  /// Collective.
  private mutating func shareMemory(over world: borrowing Communicator, report: Reporter) throws {
    let vectors = parameterVectors
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let vectorByteCount = (parameters.count * MemoryLayout<Float>.stride + page - 1) / page * page
    let outcome = try HostMemory.allocate(byteCount: max(vectors.count * vectorByteCount, page), over: world)
    if case .shared(let memory) = outcome {
      parameterVectors = vectors.enumerated().map { index, vector in
        let start = unsafe (memory.address + index * vectorByteCount).bindMemory(to: Float.self, capacity: vector.count)
        return unsafe FlatVector(count: vector.count, at: start, of: memory)
      }
      ownRange = parameterLayout.ranges(dividedInto: world.hostSize)[world.rankOnHost]
    }
    let problem = outcome.problem(byteCount: vectors.count * vectorByteCount, ranks: world.hostSize)
    let problems = try world.allGather(text: problem.map { text in "\(hostName()): \(text)" } ?? "")
    for problem in Set(problems).sorted() where !problem.isEmpty {
      report.note(problem)
    }
  }
}

extension HostMemory.Outcome {
  /// Returns the reason why the ranks of a host share no memory, and what to do; `nil` if they do, or there is only one.
  fileprivate func problem(byteCount: Int, ranks: Int) -> String? {
    guard case .refused(let refusal, let code) = self else { return nil }
    let reason = unsafe strerror(code).map { text in unsafe String(cString: text) } ?? "error \(code)"
    let (problem, remedy) =
      switch refusal {
      case .create: ("a file in memory is refused", "allow memfd_create in the profile of the container")
      case .open:
        (
          "a rank cannot open what another has created in memory",
          "start all ranks of the host in one container and as one user, without hidepid on /proc"
        )
      case .allocate, .map:
        (
          "they need \(megabytes(byteCount)) together, and \(ProcessMeasurements.availableByteCount().map(megabytes) ?? "an unknown size") is available",
          "raise the memory limit of the container or of ulimit -f and -v"
        )
      }
    return
      "each of the \(ranks) ranks has parameters and optimizer state of its own, \(megabytes(byteCount)): \(problem) (\(reason)); \(remedy), or give --shared-memory off"
  }
}
