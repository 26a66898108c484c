import COneDNN

/// An error of a oneDNN call.
public struct DNNLError: Error, CustomStringConvertible {
  /// The function that failed, for example `dnnl_primitive_create`.
  public let function: String

  /// The reason for the failure.
  public let reason: String

  /// The function's name and the reason.
  public var description: String { "\(function) failed: \(reason)" }

  init(function: String, status: dnnl_status_t) {
    self.function = function
    reason =
      switch status {
      case dnnl_out_of_memory: "out of memory"
      case dnnl_invalid_arguments: "invalid arguments"
      case dnnl_unimplemented: "oneDNN has no implementation of this operation for this CPU"
      case dnnl_runtime_error: "run-time error"
      default: "status \(status.rawValue)"
      }
  }

  init(missingHandleFrom function: String) {
    self.function = function
    reason = "success without a handle"
  }
}

/// Throws an error for any status other than success.
func check(_ function: String, _ status: dnnl_status_t) throws(DNNLError) {
  if status != dnnl_success {
    throw DNNLError(function: function, status: status)
  }
}

/// Returns the handle that a successful creation function stored, or throws if there is none.
@unsafe func created<Handle>(_ function: String, _ handle: Handle?) throws(DNNLError) -> Handle {
  guard let handle = handle else { throw DNNLError(missingHandleFrom: function) }
  return handle
}
