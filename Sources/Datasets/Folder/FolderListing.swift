import Formats
import Glibc

/// The entries of a folder by file type, sorted by the bytes of their names.
struct FolderListing {
  /// The folder itself, under any path.
  let identity: FileIdentity
  /// The names of folders and of links to folders.
  private(set) var folders: [[UInt8]] = []
  /// The names of regular files and of links to regular files.
  private(set) var files: [[UInt8]] = []
  /// The names of symbolic links whose target does not exist.
  private(set) var brokenLinks: [[UInt8]] = []
  /// The names of sockets, pipes and devices.
  private(set) var specials: [[UInt8]] = []

  /// Lists a folder.
  ///
  /// - Throws: ``FileError`` naming the folder.
  init(_ path: some Collection<UInt8>) throws(FileError) {
    let terminated = path.map(CChar.init(bitPattern:)) + [0]
    guard let stream = unsafe opendir(terminated) else {
      throw Self.cannotList(path, errno)
    }
    defer { unsafe closedir(stream) }
    let descriptor = unsafe dirfd(stream)
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw FileError(path: String(decoding: path, as: UTF8.self), action: "examine the folder", code: errno)
    }
    identity = FileIdentity(status)
    errno = 0
    while let entry = unsafe readdir(stream) {
      let name = unsafe Self.name(of: entry)
      guard name != [UInt8(ascii: ".")], name != [UInt8(ascii: "."), UInt8(ascii: ".")] else { continue }
      switch unsafe Self.type(of: entry, name, in: descriptor) {
      case S_IFDIR: folders.append(name)
      case S_IFREG: files.append(name)
      case S_IFLNK: brokenLinks.append(name)
      default: specials.append(name)
      }
      errno = 0
    }
    guard errno == 0 else {
      throw Self.cannotList(path, errno)
    }
    folders.sort { first, second in first.lexicographicallyPrecedes(second) }
    files.sort { first, second in first.lexicographicallyPrecedes(second) }
    specials.sort { first, second in first.lexicographicallyPrecedes(second) }
    brokenLinks.sort { first, second in first.lexicographicallyPrecedes(second) }
  }

  /// Returns the error for one of ``brokenLinks``; `purpose` says in the message what it was for.
  static func problem(ofLink path: String, _ purpose: String = "") -> FileError {
    // The target may be there, but below a folder that this user may not enter.
    guard case .unreadable(let code) = DataPath.kind(path) else {
      return FileError(.missing, "\(path): is a broken symbolic link\(purpose); fix or remove it")
    }
    return FileError(path: path, action: "follow the symbolic link", code: code)
  }

  private static func cannotList(_ path: some Collection<UInt8>, _ code: Int32) -> FileError {
    let path = String(decoding: path, as: UTF8.self)
    let error = FileError(path: path, action: "list the folder", code: code)
    // The paths of splits are texts, in which bytes that are not UTF-8 were replaced.
    guard error.kind == .missing, path.unicodeScalars.contains("\u{FFFD}") else { return error }
    return FileError(.missing, "\(error); \u{FFFD} stands for a byte that is not UTF-8: rename that folder in UTF-8")
  }

  @unsafe
  private static func name(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
    unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      unsafe Array(bytes.prefix { byte in byte != 0 })
    }
  }

  /// Returns the file type of an entry, following symbolic links; `S_IFLNK` for a broken link.
  @unsafe
  private static func type(
    of entry: UnsafeMutablePointer<dirent>, _ name: [UInt8], in directory: Int32
  ) -> mode_t {
    switch unsafe Int(entry.pointee.d_type) {
    case Int(DT_REG): return S_IFREG
    case Int(DT_DIR): return S_IFDIR
    default:
      var status = stat()
      let terminated = name.map(CChar.init(bitPattern:)) + [0]
      guard unsafe fstatat(directory, terminated, &status, 0) == 0 else { return S_IFLNK }
      return status.st_mode & S_IFMT
    }
  }
}
