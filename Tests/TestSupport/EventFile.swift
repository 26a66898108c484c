/// The parts of a TensorBoard event file that the tests read; the numbers of fields are those of event.proto and
/// summary.proto.
public struct EventFile {
  /// A number at a step.
  public struct Scalar: Hashable {
    /// The tag.
    public let tag: String
    /// The step of training.
    public let step: Int
    /// The number.
    public let value: Float

    /// A number at a step.
    public init(tag: String, step: Int, value: Float) {
      (self.tag, self.step, self.value) = (tag, step, value)
    }
  }

  /// The step of the session's start, from which on older files are superseded.
  public let firstStep: Int?
  /// All scalars, in order.
  public let scalars: [Scalar]

  /// Reads a file's bytes: records of a length, its checksum, the data, and their checksum.
  public init(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    var events: [ProtobufFields] = []
    while !rest.isEmpty {
      let length = rest.prefix(8).reversed().reduce(0) { number, byte in number << 8 | Int(byte) }
      guard rest.count >= length + 16 else { throw ProtobufFields.Damaged() }
      events.append(try ProtobufFields(rest.dropFirst(12).prefix(length)))
      rest = rest.dropFirst(length + 16)
    }
    firstStep = events.first { event in !event.bytes(7).isEmpty }?.numbers(2).first
    scalars = try events.flatMap { event in
      try event.messages(5).flatMap { summary in try summary.messages(1) }.flatMap { value in
        value[2].compactMap { number in
          guard case .fourBytes(let bits) = number else { return nil }
          return Scalar(
            tag: value.texts(1).joined(), step: event.numbers(2).first ?? 0, value: Float(bitPattern: bits))
        }
      }
    }
  }
}
