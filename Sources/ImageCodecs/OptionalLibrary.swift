import Glibc

/// A C library that is loaded when it is first needed, if this host has it; the build needs neither it nor its headers.
@safe
struct OptionalLibrary {
  private let handle: UnsafeMutableRawPointer

  /// Loads the first of several versions that is installed; `nil` without any.
  ///
  /// It stays loaded until the process ends.
  init?(anyOf names: [String]) {
    for name in names {
      if let handle = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL) {
        unsafe self.handle = handle
        return
      }
    }
    return nil
  }

  /// A function of the library; `nil` if it has none of this name.
  ///
  /// - Precondition: `Function` is a C function type, and that of the library's declaration.
  @unsafe
  func function<Function>(_ name: String, as type: Function.Type) -> Function? {
    unsafe precondition(
      MemoryLayout<Function>.size == MemoryLayout<UnsafeRawPointer>.size, "\(type) is no C function type")
    guard let address = unsafe dlsym(handle, name) else { return nil }
    return unsafe unsafeBitCast(address, to: type)
  }
}
