import Glibc
import Synchronization

/// A file that is written atomically: readers see either the old or the complete new file, even after a crash.
///
/// The file is written under a temporary name in the same folder (one of the ``TemporaryFiles``), flushed and renamed;
/// then the folder is flushed.
@safe
public struct AtomicFile: ~Copyable, Sendable {
  /// The suffix of temporary file names.
  public static let temporarySuffix = ".temporary"

  private let path: String
  private let temporaryPath: String
  private let descriptor: Int32
  /// The temporary file's entry among those that a signal removes.
  private let entry: TemporaryFiles.Entry?
  private let isPublished = Atomic(false)

  /// Creates the temporary file; unless it is published, it is removed when this value is destroyed.
  ///
  /// - Throws: ``FileError`` if the file cannot be created.
  public init(path: String) throws(FileError) {
    try Self.checkKind(path)
    let temporaryPath = path + Self.temporarySuffix
    // Before the file exists, so that no signal comes between.
    let entry = TemporaryFiles.add(temporaryPath)
    let descriptor = unsafe open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let code = errno
      entry?.remove()
      let error = Self.cannotCreate(path, code: code)
      // As a command of another user leaves it that was killed.
      guard [EACCES, EISDIR].contains(code), unsafe access(temporaryPath, F_OK) == 0 else { throw error }
      throw FileError(error.kind, "\(error); it is written as \(temporaryPath), which is there already: remove that")
    }
    self.init(path: path, temporaryPath: temporaryPath, descriptor: descriptor, entry)
  }

  private init(path: String, temporaryPath: String, descriptor: Int32, _ entry: TemporaryFiles.Entry?) {
    self.path = path
    self.temporaryPath = temporaryPath
    self.descriptor = descriptor
    self.entry = entry
  }

  deinit {
    close(descriptor)
    if !isPublished.load(ordering: .relaxed) {
      unsafe unlink(temporaryPath)
      entry?.remove()
    }
  }

  /// Writes a file atomically.
  ///
  /// - Parameters:
  ///   - path: The final path of the file.
  ///   - body: Writes the contents.
  /// - Throws: ``FileError``; the temporary file is then removed. The old file is preserved, unless the error occurred
  ///   while the folder was flushed.
  public static func write(
    to path: String, _ body: (borrowing AtomicFile) throws(FileError) -> Void
  ) throws(FileError) {
    try prepare(at: path, body).publish()
  }

  /// Writes the contents of a file under a temporary name; ``Prepared/publish()`` renames it.
  ///
  /// - Parameters:
  ///   - path: The final path of the file.
  ///   - body: Writes the contents.
  /// - Returns: The file, to be published.
  /// - Throws: ``FileError``; the temporary file is then removed.
  public static func prepare(
    at path: String, _ body: (borrowing AtomicFile) throws(FileError) -> Void
  ) throws(FileError) -> Prepared {
    let file = try AtomicFile(path: path)
    try body(file)
    return Prepared(file)
  }

  /// A file whose contents are written, but which is not yet flushed and renamed.
  public final class Prepared: Sendable {
    private let file: AtomicFile

    fileprivate init(_ file: consuming AtomicFile) {
      self.file = file
    }

    /// Flushes the file, renames it to its final name, and flushes the folder.
    ///
    /// - Throws: ``FileError``; the temporary file is then removed. The old file is preserved, unless the error
    ///   occurred while the folder was flushed.
    public func publish() throws(FileError) {
      try file.publish()
    }
  }

  /// Writes `text` atomically as UTF-8.
  ///
  /// - Throws: ``FileError`` if the file cannot be written.
  public static func write(_ text: String, to path: String) throws(FileError) {
    try write(to: path) { (file) throws(FileError) in
      let bytes = Array(text.utf8)
      unsafe try file.append(bytes.span.bytes)
    }
  }

  /// Checks that a file can be written, before its contents are computed.
  ///
  /// - Throws: ``FileError`` if its folder is missing or not writable, or if something other than a file exists at the
  ///   path.
  public static func check(_ path: String) throws(FileError) {
    try checkKind(path)
    // A unique name, because another process may be writing the same file.
    let probe = "\(path).\(getpid())\(temporarySuffix)"
    let descriptor = unsafe open(probe, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw cannotCreate(path, code: errno) }
    close(descriptor)
    unsafe unlink(probe)
  }

  /// Throws if the path is that of a folder or a device, which the finished file cannot or must not replace.
  private static func checkKind(_ path: String) throws(FileError) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      guard !path.hasSuffix("/") else {
        throw FileError(.creation, "\(path): ends in /, as the name of a folder; give the name of a file")
      }
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw FileError(.creation, "\(path): is a folder; give the name of a file in it")
    default: throw FileError(.creation, "\(path): is not a regular file, and only such a file can be written")
    }
  }

  private static func cannotCreate(_ path: String, code: Int32) -> FileError {
    let error = FileError(creating: path, code: code)
    let folder = path.parentFolder
    guard code == ENOENT, unsafe access(folder, F_OK) != 0 else { return error }
    return FileError(error.kind, "\(error); there is no folder \(folder): make it, or choose another path")
  }

  /// Appends bytes.
  ///
  /// - Throws: ``FileError``, for example if the disk is full.
  public func append(_ bytes: RawSpan) throws(FileError) {
    try writeAll(bytes, to: descriptor, path: path)
  }

  /// Overwrites bytes that were appended before.
  ///
  /// - Throws: ``FileError`` if writing fails.
  public func replace(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    try writeAll(bytes, to: descriptor, path: path, at: offset)
  }

  /// Flushes the file and renames it to its final name.
  ///
  /// - Throws: ``FileError`` if flushing or renaming fails.
  public func publish() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError(path: path, action: "flush it", code: errno) }
    guard unsafe rename(temporaryPath, path) == 0 else {
      throw FileError(path: path, action: "give the finished file its name", code: errno)
    }
    isPublished.store(true, ordering: .relaxed)
    entry?.remove()
    try Self.flushDirectory(path.parentFolder)
  }

  /// The error codes for file systems that cannot flush a folder, such as CIFS, and do not need to.
  private static let unsupportedFlush: Set<Int32> = [EINVAL, ENOTSUP, ENOSYS, EISDIR]

  /// Flushes a folder's entries to the disk, if the file system supports it.
  ///
  /// - Throws: ``FileError`` if flushing fails.
  public static func flushDirectory(_ path: String) throws(FileError) {
    let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw FileError(path: path, action: "open the folder", code: errno) }
    defer { close(directory) }
    guard fsync(directory) == 0 || unsupportedFlush.contains(errno) else {
      throw FileError(path: path, action: "flush the folder", code: errno)
    }
  }
}
