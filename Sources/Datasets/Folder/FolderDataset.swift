import Formats
import Glibc
import ImageCodecs
import Imaging
import Synchronization

/// A dataset of image files that are decoded at each access.
package final class FolderDataset: ImageDataset {
  /// The settings of a dataset: normalization, view size, decoding, and the treatment of bad files.
  package struct Settings: Sendable {
    /// Per-channel mean and standard deviation that standardize the network's input.
    package var normalization: ChannelNormalization
    /// The default height and width of views.
    package var viewSize: ImageSize
    /// The smallest size at which JPEG images may be decoded, at 1/2, 1/4 or 1/8 resolution, to save time; `nil` for
    /// full resolution.
    package var scaledDecoding: ImageSize?
    /// True to replace a file that cannot be decoded by another file of its class, instead of throwing.
    package var isReplacingBad = false

    /// Creates settings that decode at full resolution and throw if a file is bad.
    package init(normalization: ChannelNormalization, viewSize: ImageSize) {
      self.normalization = normalization
      self.viewSize = viewSize
    }
  }

  /// The list of files.
  package let index: FolderIndex
  /// The names of the classes.
  package let classNames: [String]
  private let settings: Settings
  private let replaced = Mutex<[Int: BadFile]>([:])

  /// Creates a dataset of the files in an index.
  package init(_ index: FolderIndex, _ settings: Settings) {
    self.index = index
    self.settings = settings
    classNames = index.classNames
  }

  /// The number of files.
  package var count: Int { index.count }
  package var viewSize: ImageSize { settings.viewSize }
  package var normalization: ChannelNormalization { settings.normalization }

  /// Returns the class index of one file.
  package func label(at index: Int) -> Int { self.index.label(at: index) }

  /// Reads and decodes one image.
  ///
  /// - Throws: ``FileError`` naming the path; if bad files are replaced, only when no file of the class can be decoded.
  package func image(at index: Int) throws(FileError) -> RGBImage {
    do throws(FileError) {
      return try self.index.image(at: index, scaledFor: settings.scaledDecoding)
    } catch {
      guard settings.isReplacingBad else { throw error }
      note(error, at: index)
      // The next files of the class are tried, wrapping around at its end, so that every rank chooses the same
      // replacement.
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
    let file = BadFile(path: name(at: index), reason: error.description, kind: error.kind)
    replaced.withLock { replaced in replaced[index] = file }
  }

  /// Returns the path of one file relative to the root.
  package func name(at index: Int) -> String { text(self.index.relativePath(at: index)) }

  /// Returns the bad files that were replaced since the last call, in order of their indices.
  package func takeReplaced() -> [BadFile] {
    let files = replaced.withLock { replaced in
      defer { replaced = [:] }
      return replaced
    }
    return files.sorted { first, second in first.key < second.key }.map(\.value)
  }
}

extension FolderIndex {
  /// Reads and decodes one file.
  ///
  /// - Parameters:
  ///   - index: The index of the file.
  ///   - target: The smallest size at which a JPEG image may be decoded, to save time; `nil` for full resolution.
  /// - Returns: The decoded image.
  /// - Throws: ``FileError`` naming the path.
  package func image(at index: Int, scaledFor target: ImageSize? = nil) throws(FileError) -> RGBImage {
    let bytes = try bytes(at: index)
    do throws(ImageError) {
      return try RGBImage(decoding: bytes, scaledFor: target, sixteenBit: sixteenBit)
    } catch {
      throw FileError(.content, "\(String(decoding: path(at: index), as: UTF8.self)): \(error)")
    }
  }

  /// Reads the header of one image file: format, size and color.
  ///
  /// - Throws: ``FileError`` naming the path.
  package func header(at index: Int) throws(FileError) -> ImageHeader {
    // 64 KiB first: metadata before the size is seldom longer. In PNG files the orientation may follow the pixels.
    let start = try bytes(at: index, limit: 1 << 16)
    if let header = try? ImageHeader(of: start.span), header.format != .png || start.count < 1 << 16 {
      return header
    }
    let bytes = try bytes(at: index)
    do throws(ImageError) {
      return try ImageHeader(of: bytes.span)
    } catch {
      throw FileError(.content, "\(String(decoding: path(at: index), as: UTF8.self)): \(error)")
    }
  }

  private func bytes(at index: Int, limit: Int = .max) throws(FileError) -> [UInt8] {
    try ReadOnlyFile(pathBytes: path(at: index)).imageBytes(limit)
  }
}

extension ReadOnlyFile {
  /// Returns the first bytes of an image file.
  ///
  /// - Throws: ``FileError`` if the file has more bytes than any image within the pixel limit needs.
  package func imageBytes(_ count: Int = .max) throws(FileError) -> [UInt8] {
    let limit = 1 << 31
    guard byteCount <= limit else {
      throw FileError(.content, "\(path): has \(byteCount) bytes, more than the limit of \(limit)")
    }
    return try start(count)
  }
}
