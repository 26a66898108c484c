import Glibc

/// An address of a network interface of this machine.
public struct InterfaceAddress: Sendable, Equatable {
  /// The interface's name, such as `eth0`.
  public let interface: String
  /// The address in digits.
  public let address: String
  /// How many leading bits name the network.
  public let prefixLength: Int
  /// Whether it is the machine's way to itself.
  public let isLoopback: Bool

  /// The network in the form that Open MPI's options take, such as `10.0.0.0/24`.
  public var network: String { "\(address)/\(prefixLength)" }

  /// The addresses of all interfaces that are up, IPv4 and IPv6, without those that mean a single link.
  public static func all() -> [InterfaceAddress] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var addresses: [InterfaceAddress] = []
    var entry = unsafe list
    while let current = unsafe entry {
      unsafe entry = current.pointee.ifa_next
      let flags = unsafe current.pointee.ifa_flags
      guard flags & UInt32(IFF_UP) != 0, let address = unsafe current.pointee.ifa_addr,
        let text = unsafe numericHost(address), !text.hasPrefix("fe80")
      else { continue }
      addresses.append(
        InterfaceAddress(
          interface: unsafe String(cString: current.pointee.ifa_name), address: text,
          prefixLength: unsafe bitCount(ofMask: current.pointee.ifa_netmask),
          isLoopback: flags & UInt32(IFF_LOOPBACK) != 0))
    }
    return addresses
  }
}

/// Opens a socket that listens on every interface, with IPv6 where there is such a thing.
///
/// - Parameter port: Which port; 0 for a free one.
/// - Returns: The socket and its port.
/// - Throws: ``WatchdogError``.
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

/// Lets this process have a connection to each of so many ranks, as far as the system allows.
func raiseDescriptorLimit(toHold count: Int) {
  var limit = rlimit()
  let wanted = rlim_t(count + 512)
  guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < wanted else {
    return
  }
  limit.rlim_cur = min(wanted, limit.rlim_max)
  _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

/// Connects to an address in digits; `nil` if that does not succeed in time.
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
      // The port stands at the same place in both families.
      return unsafe storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
        unsafe Int(UInt16(bigEndian: address.pointee.sin_port))
      }
    }
  }
}

private func numericHost(_ address: UnsafePointer<sockaddr>) -> String? {
  let family = unsafe Int32(address.pointee.sa_family)
  guard family == AF_INET || family == AF_INET6 else { return nil }
  let length = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
  var text = [CChar](repeating: 0, count: 1025)
  guard
    unsafe getnameinfo(address, socklen_t(length), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
  else { return nil }
  return String(
    decoding: text.prefix { letter in letter != 0 }.map { letter in UInt8(bitPattern: letter) }, as: UTF8.self)
}

private func bitCount(ofMask mask: UnsafeMutablePointer<sockaddr>?) -> Int {
  guard let mask = unsafe mask else { return 0 }
  if unsafe Int32(mask.pointee.sa_family) == AF_INET {
    return unsafe mask.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { mask in
      unsafe mask.pointee.sin_addr.s_addr.nonzeroBitCount
    }
  }
  return unsafe mask.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { mask in
    unsafe withUnsafeBytes(of: &mask.pointee.sin6_addr) { bytes in
      unsafe bytes.reduce(0) { sum, byte in sum + byte.nonzeroBitCount }
    }
  }
}

private func lastReason() -> String {
  unsafe String(cString: strerror(errno))
}

/// Why ranks cannot be watched.
public struct WatchdogError: Error, CustomStringConvertible, Equatable {
  /// In words.
  public let description: String
}
