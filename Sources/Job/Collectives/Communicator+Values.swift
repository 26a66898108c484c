import FoundationEssentials
import MPI

extension Communicator {
  /// Gathers one value of every rank, in rank order, on every rank.
  ///
  /// Collective.
  ///
  /// - Parameter value: This rank's value.
  /// - Returns: The values of all ranks.
  /// - Throws: `MPIError` if the gather fails, `DecodingError` if the ranks run different programs.
  package func allGather<Value: Codable>(value: Value) throws -> [Value] {
    try allGather(text: String(decoding: Self.encoder.encode(value), as: UTF8.self)).map { text in
      try Self.decoder.decode(Value.self, from: Data(text.utf8))
    }
  }

  /// Broadcasts a value from rank 0.
  ///
  /// Collective.
  ///
  /// - Parameter value: Rank 0's value; ignored on other ranks.
  /// - Returns: Rank 0's value.
  /// - Throws: `MPIError` if the broadcast fails, `DecodingError` if the ranks run different programs.
  package func broadcast<Value: Codable>(value: Value?) throws -> Value {
    let bytes = isRoot ? try [UInt8](Self.encoder.encode(value)) : []
    return try Self.decoder.decode(Value.self, from: Data(broadcast(bytes: bytes)))
  }

  /// Runs `body` on rank 0 only, and returns its value on every rank.
  ///
  /// Collective.
  ///
  /// - Parameter body: What rank 0 finds out or decides.
  /// - Returns: Rank 0's value.
  /// - Throws: ``CollectiveError`` if `body` throws, `MPIError` if the ranks cannot agree.
  package func rootValue<Value: Codable>(_ body: () throws -> Value) throws -> Value {
    try broadcast(value: try onRoot(body))
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}
