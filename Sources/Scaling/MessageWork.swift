import Glibc
import MPI

/// The time of a core for each byte of gradients that ranks exchange, which adds to the time on the network.
package struct MessageWork: Sendable, Codable, Equatable {
  /// The seconds of copying a byte of a vector into a message and of adding a received byte to the sums.
  package var sumSecondsPerByte: Double
  /// The seconds in which the kernel takes a byte from the sender and gives it to the receiver.
  package var socketSecondsPerByte: Double

  package init(sumSecondsPerByte: Double, socketSecondsPerByte: Double) {
    self.sumSecondsPerByte = sumSecondsPerByte
    self.socketSecondsPerByte = socketSecondsPerByte
  }

  /// No time at all.
  package static let none = MessageWork(sumSecondsPerByte: 0, socketSecondsPerByte: 0)

  /// The bytes of a message: those of a part of a vector.
  private static let byteCount = 4 << 20
  /// The messages of the measured vector, which is too long for the caches of a core.
  private static let messageCount = 8
  /// The number of measurements; the fastest counts, because other processes can only slow one down.
  private static let rounds = 4

  /// Measures both on one thread, in about 0.1 s; a socket that cannot be made counts as 0 seconds.
  package static func measure() -> MessageWork {
    let count = byteCount / MemoryLayout<Float>.stride
    let vector = [Float](repeating: 1, count: messageCount * count)
    var (message, sums) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: messageCount * count))
    let summing = fastest {
      for index in 0..<messageCount {
        let part = index * count..<(index + 1) * count
        var target = message.mutableSpan
        var totals = sums.mutableSpan
        target.copy(from: vector.span.extracting(part))
        var total = totals._mutatingExtracting(part)
        Float.accumulate(target.span, into: &total)
      }
    }
    return MessageWork(
      sumSecondsPerByte: summing / Double(messageCount * byteCount),
      socketSecondsPerByte: socketSeconds() / Double(byteCount))
  }

  /// Returns the seconds of the fastest round of some work.
  private static func fastest(_ work: () -> Void) -> Double {
    (0..<rounds).map { _ in
      ContinuousClock().measure(work) / .seconds(1)
    }.min() ?? 0
  }

  /// Returns the seconds of passing a message through a socket of this host, by one thread that sends and receives.
  private static func socketSeconds() -> Double {
    var ends: [Int32] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { return 0 }
    defer { for end in ends { close(end) } }
    // Small enough to be sent before anything is received.
    var piece = [UInt8](repeating: 1, count: 64 << 10)
    return fastest {
      for _ in 0..<byteCount / piece.count {
        guard unsafe write(ends[0], piece, piece.count) == piece.count else { return }
        var received = 0
        while received < piece.count {
          let length = unsafe read(ends[1], &piece, piece.count)
          guard length > 0 else { return }
          received += length
        }
      }
    }
  }
}
