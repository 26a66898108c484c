import Glibc

/// An address of a network interface of this host.
public struct InterfaceAddress: Codable, Sendable, Equatable {
  /// The interface's name, such as `eth0`.
  public let interface: String
  /// The IP address in numeric form.
  public let address: String
  /// The number of leading bits of the address that identify the network.
  public let prefixLength: Int
  /// True for the loopback interface.
  public let isLoopback: Bool

  /// The network in a form that MPI launchers accept: the address with the length of the prefix, such as `10.0.0.2/24`.
  public var network: String { "\(address)/\(prefixLength)" }

  /// Returns the IPv4 and IPv6 addresses of all active interfaces, without link-local addresses.
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
