import Configuration
import MPI
import OneDNN
import Processor
import Runs

/// The choice of a run's floating-point type (float32 or bfloat16) from `--precision` and the CPUs of all ranks.
package struct PrecisionChoice {
  /// The CPU features of the ranks, in rank order.
  private let cpus: [CPUFeatures]
  /// The first rank whose CPU has no bfloat16 multiplication, and its host; `nil` if all have it.
  private let lacking: (rank: Int, host: String)?

  /// Gathers the CPU features of all ranks.
  ///
  /// Collective.
  package init(over world: borrowing Communicator) throws(MPIError) {
    let levels = InstructionSet.allCases
    let current = CPUFeatures.current
    let own = [
      current.vendor.rawValue, Int32(levels.firstIndex(of: current.instructionSet) ?? 0),
      InstructionSetAgreement.offered < .avx512BFloat16Maps ? 1 : 0,
    ]
    var all = [Int32](repeating: 0, count: own.count * world.size)
    try world.allGather(own.span, into: &all)
    cpus = (0..<world.size).map { rank in
      CPUFeatures(vendor: .init(rawValue: all[3 * rank]) ?? .other, instructionSet: levels[Int(all[3 * rank + 1])])
    }
    // All ranks compute with the same instruction set, so that only what each of them offers shows which one lacks it.
    guard let rank = (0..<world.size).first(where: { rank in all[3 * rank + 2] == 1 }) else {
      lacking = nil
      return
    }
    lacking = (rank, try world.broadcast(text: hostName(), from: rank))
  }

  /// Resolves `--precision`: `auto` becomes bfloat16 if it is faster on every rank, else float32.
  ///
  /// - Parameters:
  ///   - precision: The requested precision; `nil` for `auto`.
  ///   - widths: The numbers of channels of the encoder's groups of blocks.
  ///   - report: Receives the reason for the choice of `auto`.
  /// - Returns: The same precision on every rank.
  /// - Throws: ``RunError`` if bfloat16 was requested and some rank's CPU lacks it.
  package func resolve(
    _ precision: Precision?, widths: [Int], report: Reporter = .silent
  ) throws(RunError) -> Precision {
    if let precision {
      return try resolve(precision)
    }
    let choices = cpus.map { cpu in Precision.faster(forWidths: widths, on: cpu) }
    let rank = choices.firstIndex { choice in choice.precision == .float32 } ?? 0
    let isEverywhere = choices.allSatisfy { choice in choice == choices[0] }
    report(
      "precision: \(choices[rank].precision.rawValue), as \(choices[rank].reason)\(isEverywhere ? "" : " (rank \(rank))")"
    )
    return choices[rank].precision
  }

  /// Returns the requested precision after checking that the CPUs of all ranks support it.
  ///
  /// - Throws: ``RunError`` if bfloat16 was requested and some rank's CPU lacks it.
  package func resolve(_ precision: Precision) throws(RunError) -> Precision {
    guard precision == .bfloat16 else { return .float32 }
    if let lacking {
      throw RunError(
        .usage,
        "--precision bfloat16: the CPU of rank \(lacking.rank) on \(lacking.host) does not multiply bfloat16 numbers (AVX512-BF16 or AMX)",
        remedy: "choose float32 or auto")
    }
    return .bfloat16
  }

  /// Returns the precision for evaluating a run: the run's `precision` if every rank's CPU supports bfloat16, else
  /// float32.
  package func forEvaluation(of precision: Precision) -> Precision {
    lacking == nil ? precision : .float32
  }
}
