import Glibc

/// Opens a socket that listens on all network interfaces, with IPv6 if the host supports it.
///
/// - Parameter port: The port to listen on; 0 for any free port.
/// - Returns: The socket and its port.
/// - Throws: ``WatchdogError`` if the port is not available.
func listen(port: Int) throws(WatchdogError) -> (descriptor: Int32, port: Int) {
  var reason = ""
  for address in ["::", "0.0.0.0"] {
    let attempt: (descriptor: Int32?, reason: String) =
      unsafe withAddress(address, port: port) { family, address, length in
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return (nil, lastReason()) }
        var (yes, no): (Int32, Int32) = (1, 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        if family == AF_INET6 {
          unsafe setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &no, socklen_t(MemoryLayout<Int32>.size))
        }
        guard unsafe bind(descriptor, address, length) == 0, Glibc.listen(descriptor, 1024) == 0 else {
          let reason = lastReason()
          close(descriptor)
          return (nil, reason)
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        return (descriptor, "")
      } ?? (nil, "no such address")
    if let descriptor = attempt.descriptor {
      return (descriptor, portNumber(of: descriptor))
    }
    reason = attempt.reason
  }
  throw WatchdogError(description: "port \(port) cannot be listened on: \(reason)")
}

/// Raises the limit of open file descriptors for connections to `count` ranks, as far as the system allows.
///
/// - Returns: The limit afterwards; `nil` if it is unknown, or too large for an integer.
@discardableResult
package func raiseDescriptorLimit(toHold count: Int) -> Int? {
  var limit = rlimit()
  let wanted = rlim_t(count + 512)
  guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
  if limit.rlim_cur < wanted {
    limit.rlim_cur = min(wanted, limit.rlim_max)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
  return Int(exactly: limit.rlim_cur)
}

/// Connects to a numeric address; `nil` if that does not succeed within the time limit.
func connect(to address: String, port: Int, withinSeconds seconds: Double) -> Int32? {
  unsafe withAddress(address, port: port) { family, address, length -> Int32? in
    let descriptor = socket(
      family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    if unsafe Glibc.connect(descriptor, address, length) != 0 {
      var polled = [pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)]
      var failure: Int32 = -1
      var length = socklen_t(MemoryLayout<Int32>.size)
      guard errno == EINPROGRESS, unsafe poll(&polled, 1, Int32(seconds * 1000)) == 1,
        unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &length) == 0, failure == 0
      else {
        close(descriptor)
        return nil
      }
    }
    return descriptor
  } ?? nil
}

private func withAddress<Result>(
  _ address: String, port: Int, _ body: (_ family: Int32, UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result? {
  var hints = unsafe addrinfo()
  unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
  unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var found: UnsafeMutablePointer<addrinfo>?
  guard unsafe getaddrinfo(address, "\(port)", &hints, &found) == 0, let first = unsafe found,
    let socketAddress = unsafe first.pointee.ai_addr
  else { return nil }
  defer { unsafe freeaddrinfo(found) }
  return unsafe body(first.pointee.ai_family, socketAddress, first.pointee.ai_addrlen)
}

private func portNumber(of descriptor: Int32) -> Int {
  var storage = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  return unsafe withUnsafeMutablePointer(to: &storage) { storage in
    unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
      guard unsafe getsockname(descriptor, address, &length) == 0 else { return 0 }
      // The port is at the same position in IPv4 and IPv6 addresses.
      return unsafe storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
        unsafe Int(UInt16(bigEndian: address.pointee.sin_port))
      }
    }
  }
}

private func lastReason() -> String {
  unsafe String(cString: strerror(errno))
}
