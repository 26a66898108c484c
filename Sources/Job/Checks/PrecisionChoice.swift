import Configuration
import MPI
import OneDNN
import Runs

/// Which precision a run computes in: what `--precision` asks for, as far as the CPUs of all ranks go.
package struct PrecisionChoice {
  /// The first rank whose CPU does not multiply bfloat16 numbers, with its host.
  private let lacking: (rank: Int, host: String)?

  /// Asks every rank.
  ///
  /// Collective.
  package init(over world: borrowing Communicator) throws(MPIError) {
    var flags = [Int32](repeating: 0, count: world.size)
    let own: [Int32] = [InstructionSet.hasBfloat16 ? 1 : 0]
    try world.allGather(own.span, into: &flags)
    guard let rank = flags.firstIndex(of: 0) else {
      lacking = nil
      return
    }
    lacking = (rank, try world.broadcast(text: hostName(), from: rank))
  }

  /// `auto` becomes bfloat16 where every rank has it, else float32.
  ///
  /// - Throws: ``RunError`` if bfloat16 was asked for and a rank has it not.
  package func resolve(_ precision: Precision?) throws(RunError) -> Precision {
    switch precision {
    case nil: return lacking == nil ? .bfloat16 : .float32
    case .bfloat16:
      if let lacking {
        throw RunError(
          .usage,
          "--precision bfloat16: the CPU of rank \(lacking.rank) on \(lacking.host) does not multiply bfloat16 numbers (AVX512-BF16 or AMX)",
          remedy: "choose float32 or auto"
        )
      }
      return .bfloat16
    case .float32: return .float32
    }
  }

  /// The precision for evaluating a run: its own where every rank has it, else float32.
  package func forEvaluation(of precision: Precision) -> Precision {
    lacking == nil ? precision : .float32
  }
}
