import Glibc

/// The size of the large pages of x86-64 and of most 64-bit ARM systems, in bytes.
private let largePage = 2 << 20

/// Allocates zeroed memory at a multiple of 64 bytes, to be freed with `deallocate()`.
///
/// Large memory gets pages of 2 MB, if the system gives them on request ("transparent huge pages"): in pages of 4 KB,
/// passes over feature maps and weights wait for the translation of addresses.
func allocateZeroed(byteCount: Int) -> UnsafeMutableRawPointer {
  let isLarge = byteCount >= 2 * largePage
  let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: isLarge ? largePage : 64)
  if isLarge {
    // The memory beyond the last whole page is not touched. An error means that there are no such pages.
    _ = unsafe madvise(memory, byteCount / largePage * largePage, MADV_HUGEPAGE)
  }
  unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  return unsafe memory
}
