import COpenMPI

/// A number that messages are made of.
public protocol MPIElement: BitwiseCopyable, Sendable {
  /// The zero that buffers begin with.
  static var zero: Self { get }

  /// The library's handle for this type.
  @unsafe static var datatype: MPI_Datatype? { get }
}

extension UInt8: MPIElement {
  /// `MPI_UINT8_T`.
  @unsafe public static var datatype: MPI_Datatype? { unsafe copenmpi_uint8() }
}

extension Int32: MPIElement {
  /// `MPI_INT32_T`.
  @unsafe public static var datatype: MPI_Datatype? { unsafe copenmpi_int32() }
}

extension Int64: MPIElement {
  /// `MPI_INT64_T`.
  @unsafe public static var datatype: MPI_Datatype? { unsafe copenmpi_int64() }
}

extension Float: MPIElement {
  /// `MPI_FLOAT`.
  @unsafe public static var datatype: MPI_Datatype? { unsafe copenmpi_float() }
}

extension Double: MPIElement {
  /// `MPI_DOUBLE`.
  @unsafe public static var datatype: MPI_Datatype? { unsafe copenmpi_double() }
}
