import Glibc

/// A nonblocking TCP connection that carries lines of text.
final class LineConnection {
  /// The longest line in bytes; a connection that sends a longer one is closed.
  private static let longestLine = 4096
  private static let longestBacklog = 1 << 16

  let descriptor: Int32
  /// True if the peer has closed the connection, or the connection failed.
  private(set) var isClosed = false

  private var incoming: [UInt8] = []
  private var outgoing: [UInt8] = []

  /// Creates a connection from a connected socket, which it owns from now on.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    var yes: Int32 = 1
    unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(descriptor) }

  /// Sends a line without blocking; bytes that the system does not accept now are sent with the next line.
  func send(_ line: String) {
    if outgoing.count < Self.longestBacklog {
      outgoing += Array((line + "\n").utf8)
    }
    flush()
  }

  /// Sends waiting bytes until none is left or the system accepts no more.
  func flush() {
    while !outgoing.isEmpty, !isClosed {
      let count = unsafe Glibc.send(descriptor, outgoing, outgoing.count, Int32(MSG_NOSIGNAL))
      if count > 0 {
        outgoing.removeFirst(count)
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR {
        isClosed = true
      }
    }
  }

  /// Returns the complete lines that have arrived.
  func receive() -> [String] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !isClosed {
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 {
        incoming += buffer[..<count]
      } else if count < 0, errno == EAGAIN {
        break
      } else if count == 0 || errno != EINTR {
        isClosed = true
      }
    }
    var lines: [String] = []
    while let end = incoming.firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(String(decoding: incoming[..<end], as: UTF8.self))
      incoming.removeFirst(end + 1)
    }
    if incoming.count > Self.longestLine {
      isClosed = true
    }
    return lines
  }

  /// Waits for a line; `nil` if none arrives within the time limit.
  func receiveLine(withinSeconds seconds: Double) -> String? {
    let deadline = monotonicSeconds() + seconds
    while true {
      if let line = receive().first {
        return line
      }
      let rest = deadline - monotonicSeconds()
      guard !isClosed, rest > 0 else { return nil }
      _ = waitForInput([descriptor], seconds: rest)
    }
  }
}

/// A socket that accepts connections.
final class LineListener {
  let descriptor: Int32

  /// Creates a listener from a listening socket, which it owns from now on.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Accepts the next waiting connection; `nil` if there is none.
  func accept() -> LineConnection? {
    let accepted = Glibc.accept(descriptor, nil, nil)
    return accepted >= 0 ? LineConnection(accepted) : nil
  }
}

/// Waits until one of the file descriptors is readable, or until the time limit.
///
/// - Returns: The readable descriptors.
func waitForInput(_ descriptors: [Int32], seconds: Double) -> [Int32] {
  var polled = descriptors.map { descriptor in pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0) }
  let milliseconds = Int32(max(0, min(seconds, 3600)) * 1000) + 1
  guard unsafe poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { return [] }
  return polled.filter { entry in entry.revents != 0 }.map(\.fd)
}

/// Returns the seconds of the monotonic clock.
func monotonicSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
