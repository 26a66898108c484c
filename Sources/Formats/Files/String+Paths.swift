import Glibc

extension String {
  /// The folder that contains the file or folder with this path, as dirname(1) prints it: `.` for a name without `/`.
  public var parentFolder: String {
    var path = self[...]
    while path.count > 1, path.hasSuffix("/") {
      path.removeLast()
    }
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The name after the last `/`, as basename(1) prints it.
  public var lastComponent: String {
    split(separator: "/").last.map(String.init) ?? self
  }

  /// The path from the root of the file system, with symbolic links and `..` as they stand.
  package var absolutePath: String {
    var whole = self
    if !hasPrefix("/") {
      // The current folder may have been removed.
      guard let folder = unsafe getcwd(nil, 0) else { return self }
      defer { unsafe Glibc.free(folder) }
      whole = unsafe "\(String(cString: folder))/\(self)"
    }
    return "/" + whole.split(separator: "/").filter { name in name != "." }.joined(separator: "/")
  }

  /// The path from the root of the file system without symbolic links; of a path that does not exist, its nearest
  /// existing parent is resolved.
  package var resolvedPath: String {
    if let resolved = unsafe realpath(self, nil) {
      defer { unsafe Glibc.free(resolved) }
      return unsafe String(cString: resolved)
    }
    // The current folder itself cannot be resolved if it was removed.
    guard self != "." else { return self }
    guard let slash = lastIndex(of: "/") else { return ".".resolvedPath + "/" + self }
    let name = self[index(after: slash)...]
    let parent = String(self[..<slash])
    // The parent may not exist yet; it will be a folder, not a link.
    if name == "." || name == ".." {
      let folder = parent.resolvedPath
      return name == "." ? folder : folder.parentFolder
    }
    return name.isEmpty ? parent.resolvedPath : (parent.isEmpty ? "" : parent.resolvedPath) + "/" + name
  }

  /// Returns true if this is the path of a folder or of something in it, by their ``resolvedPath``.
  package func lies(in folder: String) -> Bool {
    let (own, other) = (resolvedPath, folder.resolvedPath)
    return own == other || own.hasPrefix(other.hasSuffix("/") ? other : other + "/")
  }
}
