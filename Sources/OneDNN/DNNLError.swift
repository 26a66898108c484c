import COneDNN

/// A call of oneDNN that did not succeed.
public struct DNNLError: Error, CustomStringConvertible {
  /// The function that failed, for example `dnnl_primitive_create`.
  public let function: String

  /// The reason of the failure.
  public let reason: String

  /// The function and the reason.
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

/// Turns a status other than success into an error.
func check(_ function: String, _ status: dnnl_status_t) throws(DNNLError) {
  if status != dnnl_success {
    throw DNNLError(function: function, status: status)
  }
}

/// The handle that a creating function left, which success promises.
@unsafe func created<Handle>(_ function: String, _ handle: Handle?) throws(DNNLError) -> Handle {
  guard let handle = handle else { throw DNNLError(missingHandleFrom: function) }
  return handle
}
