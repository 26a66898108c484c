import Glibc

/// Returns the host name of this machine.
package func hostName() -> String {
  unsafe String(unsafeUninitializedCapacity: 256) { buffer in
    unsafe buffer.withMemoryRebound(to: CChar.self) { buffer in
      guard let name = buffer.baseAddress, unsafe gethostname(name, buffer.count) == 0 else { return 0 }
      return unsafe strnlen(name, buffer.count)
    }
  }
}
