import Glibc

/// A C library that is loaded at run time if it is installed; the build needs neither the library nor its headers.
@safe
struct OptionalLibrary {
  private let handle: UnsafeMutableRawPointer

  /// Loads the first library found among several file names; `nil` if none is installed.
  ///
  /// The library stays loaded until the process ends.
  init?(anyOf names: [String]) {
    for name in names {
      if let handle = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL) {
        unsafe self.handle = handle
        return
      }
    }
    return nil
  }

  /// Returns a function of the library; `nil` if it has no function with this name.
  ///
  /// - Precondition: `Function` is the C function type that the library declares.
  @unsafe
  func function<Function>(_ name: String, as type: Function.Type) -> Function? {
    unsafe precondition(
      MemoryLayout<Function>.size == MemoryLayout<UnsafeRawPointer>.size, "\(type) is no C function type")
    guard let address = unsafe dlsym(handle, name) else { return nil }
    return unsafe unsafeBitCast(address, to: type)
  }
}
