import MPI

/// The sizes of a step's messages and the seconds of its computing.
///
/// They are read from a text such as `vector_length=272474 update=0.01`.
/// They are those of the JSON object of `supcon plan --hosts`.
struct StepInputs: Sendable {
  /// The shards of each rank.
  let shardsPerRank: Int
  /// The bytes of a shard's embeddings, labels and statistics of rows, each gathered from all ranks.
  let embeddingBytes, labelBytes, statisticBytes: Int
  /// The number of elements of the reduced vector.
  let vectorLength: Int
  /// The lower bounds of the parts that a backward pass completes, ascending from 0.
  let segments: [Int]
  /// The seconds before the end of the backward passes at which each part is complete.
  let completions: [Double]
  /// The seconds of views and forward passes, of the loss, of the backward passes, and of the optimizer.
  let forward, loss, backward, update: Double
  /// The numbers of elements of the vectors of BatchNorm's statistics that ranks sum in each pass, in its order.
  let forwardStatistics, backwardStatistics: [Int]
  /// True if gradients are reduced during the backward pass.
  let isOverlapping: Bool

  /// Reads a text.
  ///
  /// - Parameter text: Words `NAME=VALUE`; others are left out.
  /// - Throws: ``InputError`` if a value is missing or is no number.
  init(_ text: String) throws(InputError) {
    var texts: [Substring: Substring] = [:]
    for word in text.split(separator: " ") {
      let parts = word.split(separator: "=", maxSplits: 1)
      if parts.count == 2 {
        texts[parts[0]] = parts[1]
      }
    }
    func numbers(_ name: Substring) throws(InputError) -> [Double] {
      let found = texts[name]?.split(separator: ",").map { text in Double(text) } ?? [nil]
      let numbers = found.compactMap(\.self)
      guard numbers.count == found.count else {
        throw InputError(description: "\(name)=\(texts[name] ?? ""): expected numbers")
      }
      return numbers
    }
    func number(_ name: Substring) throws(InputError) -> Double { try numbers(name)[0] }
    func count(_ name: Substring) throws(InputError) -> Int { Int(try number(name)) }
    shardsPerRank = try count("shards_per_rank")
    embeddingBytes = try count("embedding_bytes")
    labelBytes = try count("label_bytes")
    statisticBytes = try count("statistic_bytes")
    vectorLength = try count("vector_length")
    segments = try numbers("segments").map { bound in Int(bound) }
    completions = try numbers("completions")
    guard completions.count == segments.count else {
      throw InputError(description: "\(completions.count) completions for \(segments.count) segments")
    }
    forward = try number("forward")
    loss = try number("loss")
    backward = try number("backward")
    update = try number("update")
    isOverlapping = try count("overlap") != 0
    let lengths = texts["statistics"] == nil ? [] : try numbers("statistics").map { length in Int(length) }
    let split = try count("forward_statistics")
    guard split <= lengths.count else {
      throw InputError(description: "forward_statistics=\(split) of \(lengths.count) statistics")
    }
    (forwardStatistics, backwardStatistics) = (Array(lengths[..<split]), Array(lengths[split...]))
  }
}

/// A wrong argument.
struct InputError: Error, CustomStringConvertible {
  let description: String
}
