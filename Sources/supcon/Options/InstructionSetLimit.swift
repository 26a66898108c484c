import Configuration
import Job
import MPI
import OneDNN
import Processor

/// The limit of the vector instructions that this process uses.
enum InstructionSetLimit {
  /// The environment variable that sets the limit.
  static let variable = "SUPCON_ISA"

  /// Determines what this process may compute with, before MPI is initialized and before any computation.
  ///
  /// - Parameters:
  ///   - option: The value of `--isa`; `nil` to use the environment variable.
  ///   - ranks: The number of ranks of the job; a single one is limited at once.
  /// - Returns: The offer of this rank, on which the ranks then agree.
  /// - Throws: ``RunError`` with the reason why the limit cannot be set.
  static func offer(_ option: String?, ranks: Int) throws(RunError) -> InstructionSetAgreement {
    let value = environmentValue(variable).flatMap { value in value.isEmpty ? nil : value }
    let name = option ?? value ?? InstructionSet.automaticName
    do throws(InstructionSetError) {
      return try InstructionSetAgreement(below: InstructionSet.level(named: name), ranks: ranks)
    } catch .unsupportedCPU {
      throw RunError(.usage, "\(InstructionSetError.unsupportedCPU)")
    } catch {
      throw RunError(.usage, option == nil ? "\(variable)=\(error)" : "--isa \(error)")
    }
  }
}
