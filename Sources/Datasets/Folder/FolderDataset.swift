import Formats
import Glibc
import ImageCodecs
import Imaging
import Synchronization

/// Images in files, decoded at each access.
package final class FolderDataset: ImageDataset {
  /// The properties of a dataset that its files do not determine.
  package struct Settings: Sendable {
    /// Per-channel mean and standard deviation that standardize the network's input.
    package var normalization: ChannelNormalization
    /// The default size of views.
    package var viewSize: ImageSize
    /// The size down to which the JPEG decoder may halve images; `nil` to decode in full.
    package var scaledDecoding: ImageSize?
    /// True if a file that cannot be used is replaced by another file of its class.
    package var isReplacingBad = false

    /// The settings of a dataset that decodes in full and stops at a bad file.
    package init(normalization: ChannelNormalization, viewSize: ImageSize) {
      self.normalization = normalization
      self.viewSize = viewSize
    }
  }

  /// The files.
  package let index: FolderIndex
  /// The names of the classes.
  package let classNames: [String]
  private let settings: Settings
  private let replaced = Mutex<[Int: BadFile]>([:])

  /// A dataset of the files of an index.
  package init(_ index: FolderIndex, _ settings: Settings) {
    self.index = index
    self.settings = settings
    classNames = index.classNames
  }

  /// The number of files.
  package var count: Int { index.count }
  package var viewSize: ImageSize { settings.viewSize }
  package var normalization: ChannelNormalization { settings.normalization }

  /// The class of one file.
  package func label(at index: Int) -> Int { self.index.label(at: index) }

  /// One image.
  ///
  /// - Throws: ``FileError`` naming the path; if bad files are replaced, only when no file of the class can be used.
  package func image(at index: Int) throws(FileError) -> RGBImage {
    do throws(FileError) {
      return try self.index.image(at: index, scaledFor: settings.scaledDecoding)
    } catch {
      guard settings.isReplacingBad else { throw error }
      note(error, at: index)
      // The next ones of the class, wrapping around at its end: the same on every rank.
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

  /// The path of one file below the root.
  package func name(at index: Int) -> String { text(self.index.relativePath(at: index)) }

  /// The bad files that were replaced since the last call, in order of their indices.
  package func takeReplaced() -> [BadFile] {
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
  ///   - target: The size down to which the JPEG decoder may halve the image; `nil` to decode in full.
  /// - Returns: The image.
  /// - Throws: ``FileError`` naming the path.
  package func image(at index: Int, scaledFor target: ImageSize? = nil) throws(FileError) -> RGBImage {
    let bytes = try bytes(at: index)
    do throws(ImageError) {
      return try RGBImage(decoding: bytes, scaledFor: target, sixteenBit: sixteenBit)
    } catch {
      throw FileError(.content, "\(String(decoding: path(at: index), as: UTF8.self)): \(error)")
    }
  }

  /// The header of one file.
  ///
  /// - Throws: ``FileError`` naming the path.
  package func header(at index: Int) throws(FileError) -> ImageHeader {
    // The metadata before the size is seldom longer.
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
