import Formats
import Glibc
import Imaging
import Synchronization

/// Images in JPEG and PNG files, decoded each time they are asked for.
public final class FolderDataset: ImageDataset {
  /// What a dataset is told besides its files.
  public struct Settings: Sendable {
    /// What a network's input is freed of.
    public var normalization: ChannelNormalization
    /// The size of views unless the user says otherwise.
    public var viewSize: ImageSize
    /// Where given, JPEG images may be halved in the decoder while they stay as large as this.
    public var scaledDecoding: ImageSize?
    /// Whether another file of the class stands in for one that cannot be used.
    public var isReplacingBad = false

    /// The settings of a dataset that decodes in full and stops at a bad file.
    public init(normalization: ChannelNormalization, viewSize: ImageSize) {
      self.normalization = normalization
      self.viewSize = viewSize
    }
  }

  /// The files.
  public let index: FolderIndex
  /// The names of the classes' folders.
  public let classNames: [String]
  private let settings: Settings
  private let replaced = Mutex<[Int: BadFile]>([:])

  /// A dataset of the files of an index.
  public init(_ index: FolderIndex, _ settings: Settings) {
    self.index = index
    self.settings = settings
    classNames = index.classNames
  }

  /// The number of files.
  public var count: Int { index.count }
  /// As the settings say.
  public var viewSize: ImageSize { settings.viewSize }
  /// As the settings say.
  public var normalization: ChannelNormalization { settings.normalization }

  /// The class of one file.
  public func label(at index: Int) -> Int { self.index.label(at: index) }

  /// One image.
  ///
  /// - Throws: ``FileError`` naming the path; if bad files are replaced, only when no file of the class can be used.
  public func image(at index: Int) throws(FileError) -> RGBImage {
    do throws(FileError) {
      return try self.index.image(at: index, scaledFor: settings.scaledDecoding)
    } catch {
      guard settings.isReplacingBad else { throw error }
      note(error, at: index)
      // The next ones of the class, from its beginning again behind its end: the same on every rank.
      let files = self.index.files(ofClass: label(at: index))
      for step in 1..<max(files.count, 1) {
        let next = files.lowerBound + (index - files.lowerBound + step) % files.count
        do throws(FileError) {
          return try self.index.image(at: next, scaledFor: settings.scaledDecoding)
        } catch {
          note(error, at: next)
        }
      }
      throw error
    }
  }

  private func note(_ error: FileError, at index: Int) {
    let path = String(decoding: self.index.relativePath(at: index), as: UTF8.self)
    let file = BadFile(path: path, reason: error.description, kind: error.kind)
    replaced.withLock { replaced in replaced[index] = file }
  }

  /// The files for which others stood in since the last call, in their order.
  public func takeReplaced() -> [BadFile] {
    let files = replaced.withLock { replaced in
      defer { replaced = [:] }
      return replaced
    }
    return files.sorted { first, second in first.key < second.key }.map(\.value)
  }
}

extension FolderIndex {
  /// Decodes one file.
  ///
  /// - Parameters:
  ///   - index: Its number.
  ///   - target: Where given, a JPEG image may be halved in the decoder while it stays as large as this.
  /// - Returns: The image.
  /// - Throws: ``FileError`` naming the path.
  public func image(at index: Int, scaledFor target: ImageSize? = nil) throws(FileError) -> RGBImage {
    let bytes = try bytes(at: index)
    do throws(ImageError) {
      return try RGBImage(decoding: bytes, scaledFor: target)
    } catch {
      throw FileError(.content, "\(String(decoding: path(at: index), as: UTF8.self)): \(error)")
    }
  }

  /// What one file says of itself.
  ///
  /// - Throws: ``FileError`` naming the path.
  public func header(at index: Int) throws(FileError) -> ImageHeader {
    // What cameras and programs write before the size is seldom longer.
    let start = try bytes(at: index, limit: 1 << 16)
    if let header = try? ImageHeader(of: start.span) {
      return header
    }
    let bytes = try bytes(at: index)
    do throws(ImageError) {
      return try ImageHeader(of: bytes.span)
    } catch {
      throw FileError(.content, "\(String(decoding: path(at: index), as: UTF8.self)): \(error)")
    }
  }

  /// The most bytes that a file may have: far more than any image within the limit of pixels.
  private static let byteLimit = 1 << 31

  private func bytes(at index: Int, limit: Int = .max) throws(FileError) -> [UInt8] {
    let file = try ReadOnlyFile(pathBytes: path(at: index))
    guard file.byteCount <= Self.byteLimit else {
      throw FileError(.content, "\(file.path): has \(file.byteCount) bytes, more than the limit of \(Self.byteLimit)")
    }
    return try file.read(min(file.byteCount, limit), at: 0)
  }
}
