import MPI
import NeuralNet
import OneDNN

/// The limit of the vector instructions that this process uses.
enum InstructionSetLimit {
  /// The environment variable that sets the limit.
  static let variable = "SUPCON_ISA"

  /// Limits the vector instructions of this process; called before any computation.
  ///
  /// - Parameter option: The value of `--isa`; `nil` to use the environment variable.
  /// - Returns: The reason why the limit cannot be set, or `nil`.
  static func apply(_ option: String?) -> String? {
    let variable = environmentValue(Self.variable)
    let name = option ?? variable ?? InstructionSet.automaticName
    do throws(InstructionSetError) {
      try InstructionSet.limit(to: InstructionSet.level(named: name))
      return nil
    } catch .unsupportedCPU {
      return "\(InstructionSetError.unsupportedCPU)"
    } catch {
      return option == nil ? "\(Self.variable)=\(error)" : "--isa \(error)"
    }
  }
}
