import COpenMPI

/// A call of the MPI library that did not succeed.
public struct MPIError: Error, CustomStringConvertible {
  /// The function that failed, for example `MPI_Allgather`.
  public let function: String

  /// The status that it returned.
  public let code: Int32

  /// The library's own words for the status.
  public var description: String {
    var length: Int32 = 0
    let text = unsafe String(unsafeUninitializedCapacity: Int(MPI_MAX_ERROR_STRING)) { buffer in
      unsafe buffer.withMemoryRebound(to: CChar.self) { buffer in
        _ = unsafe MPI_Error_string(code, buffer.baseAddress, &length)
      }
      return Int(length)
    }
    return "\(function) failed: \(text) (code \(code))"
  }
}

/// Turns a status other than success into an error.
func check(_ function: String, _ code: Int32) throws(MPIError) {
  if code != MPI_SUCCESS {
    throw MPIError(function: function, code: code)
  }
}
