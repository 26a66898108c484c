import Glibc
import NeuralNet
import OneDNN

/// The limit of the vector instructions of this process.
enum InstructionSetLimit {
  /// The environment variable that names the limit.
  static let variable = "SUPCON_ISA"

  /// Sets the limit that the environment names, before anything is computed.
  ///
  /// - Returns: The reason why it cannot be set, or `nil`.
  static func apply() -> String? {
    let name = unsafe getenv(variable).map { text in unsafe String(cString: text) } ?? InstructionSet.automaticName
    do throws(InstructionSetError) {
      try InstructionSet.limit(to: InstructionSet.level(named: name))
      return nil
    } catch .unsupportedCPU {
      return "\(InstructionSetError.unsupportedCPU)"
    } catch {
      return "\(variable)=\(error)"
    }
  }
}
