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
}
