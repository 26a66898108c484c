import Dispatch
import Formats
import Glibc
import Synchronization
import TestSupport
import Testing

/// Writes that the system makes in parts, or not at all.
struct WriteAllTests {
  /// `F_SETPIPE_SZ`, which the headers define for GNU sources only.
  private static let setPipeSize: Int32 = 1031

  private final class Received: Sendable {
    let bytes = Mutex<[UInt8]>([])
  }

  @Test func `a full disk is named`() throws {
    let descriptor = unsafe open("/dev/full", O_WRONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let bytes: [UInt8] = [1, 2, 3]
    let error = #expect(throws: FileError.self) {
      unsafe try writeAll(bytes.span.bytes, to: descriptor, path: "a.bin")
    }
    #expect(error == FileError(path: "a.bin", action: "write to it", code: ENOSPC))
  }

  @Test func `bytes go to their place`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.bin")
    try AtomicFile.write(to: path) { (file) throws(FileError) in
      let (first, second) = ([UInt8](repeating: 1, count: 6), [UInt8](repeating: 2, count: 2))
      unsafe try file.append(first.span.bytes)
      unsafe try file.replace(second.span.bytes, at: 3)
      unsafe try file.append(second.span.bytes)
    }
    #expect(try readBytes(path) == [1, 1, 1, 2, 2, 1, 2, 2])
  }

  @Test func `a write that a signal cuts short goes on`() throws {
    var ends: [Int32] = [0, 0]
    let code = unsafe pipe(&ends)
    try #require(code == 0)
    let (output, input) = (ends[0], ends[1])
    // One page, so that the write waits for its reader, who wakes it up after each page.
    _ = fcntl(input, Self.setPipeSize, 4096)
    let formerHandler = signal(SIGURG, { _ in })
    let writer = pthread_self()
    let received = Received()
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = unsafe read(output, &buffer, buffer.count)
        guard count > 0 else { break }
        let part = Array(buffer.prefix(count))
        received.bytes.withLock { bytes in bytes += part }
        pthread_kill(writer, SIGURG)
      }
    }
    let bytes = (0..<300_000).map { index in UInt8(truncatingIfNeeded: index / 7) }
    unsafe try writeAll(bytes.span.bytes, to: input, path: "pipe")
    close(input)
    group.wait()
    close(output)
    _ = signal(SIGURG, formerHandler)
    let all = received.bytes.withLock { bytes in bytes }
    #expect(all == bytes)
  }
}
