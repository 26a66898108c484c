import Configuration
import FlatVectors
import Glibc
import Job
import MPI
import Runs

extension TrainingState {
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
  /// - Returns: The state, whose copies have the same numbers.
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
    // All ranks of a host have the same outcome: its first tells.
    let problem =
      world.rankOnHost == 0
      ? outcome.problem(byteCount: vectors.count * vectorByteCount, ranks: world.hostSize) : nil
    for text in try world.allGather(text: problem ?? "") where !text.isEmpty {
      report.note(text)
    }
  }
}

extension HostMemory.Outcome {
  /// Returns the reason why the ranks of this host share no memory, and what to do; `nil` if they do, or if there is
  /// only one.
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
      "\(hostName()): each of the \(ranks) ranks has parameters and optimizer state of its own, \(megabytes(byteCount)): \(problem) (\(reason)); \(remedy), or give --shared-memory off"
  }
}
