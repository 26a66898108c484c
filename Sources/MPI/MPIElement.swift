import CMPI

/// A number type that MPI messages can contain.
public protocol MPIElement: BitwiseCopyable, Sendable {
  /// The value 0, with which buffers are initialized.
  static var zero: Self { get }

  /// MPI's handle of this data type.
  static var datatype: cmpi_datatype { get }
}

extension UInt8: MPIElement {
  /// `MPI_UINT8_T`.
  public static var datatype: cmpi_datatype { cmpi_uint8() }
}

extension UInt16: MPIElement {
  /// `MPI_UINT16_T`.
  public static var datatype: cmpi_datatype { cmpi_uint16() }
}

extension Int32: MPIElement {
  /// `MPI_INT32_T`.
  public static var datatype: cmpi_datatype { cmpi_int32() }
}

extension Int64: MPIElement {
  /// `MPI_INT64_T`.
  public static var datatype: cmpi_datatype { cmpi_int64() }
}

extension Float: MPIElement {
  /// `MPI_FLOAT`.
  public static var datatype: cmpi_datatype { cmpi_float() }
}

extension Double: MPIElement {
  /// `MPI_DOUBLE`.
  public static var datatype: cmpi_datatype { cmpi_double() }
}
