import MPI
import NeuralNet
import OneDNN

/// The limit of the vector instructions of this process.
enum InstructionSetLimit {
  /// The environment variable that names the limit.
  static let variable = "SUPCON_ISA"

  /// Sets the limit before anything is computed.
  ///
  /// - Parameter option: The value of `--isa`; `nil` for that of the environment.
  /// - Returns: The reason why it cannot be set, or `nil`.
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
