import CMPI

/// The failure of an MPI call: its name, and MPI's description of the reason.
public struct MPIError: Error, CustomStringConvertible {
  /// The function that failed, for example `MPI_Allgather`.
  public let function: String

  /// The error code that the function returned.
  public let code: Int32

  /// The function's name and MPI's text for the error code.
  public var description: String {
    // int MPI_Error_string(int errorcode, char *string, int *resultlen)
    let text = unsafe libraryText { text, length in unsafe cmpi_error_string(code, text, &length) }
    return "\(function) failed: \(text) (code \(code))"
  }
}

/// Throws an error for any error code other than MPI_SUCCESS.
func check(_ function: String, _ code: Int32) throws(MPIError) {
  if code != cmpi_success() {
    throw MPIError(function: function, code: code)
  }
}

/// Returns the text that an MPI function writes into a buffer.
func libraryText(_ write: (UnsafeMutablePointer<CChar>?, inout Int32) -> Int32) -> String {
  let text = unsafe String(unsafeUninitializedCapacity: Int(CMPI_TEXT_CAPACITY)) { buffer in
    var length: Int32 = 0
    let code = unsafe buffer.withMemoryRebound(to: CChar.self) { buffer in unsafe write(buffer.baseAddress, &length) }
    return code == cmpi_success() ? max(Int(length), 0) : 0
  }
  // Some MPI releases count the terminating zero as part of the text.
  return String(text.prefix { letter in letter != "\0" })
}
