import Datasets
import Formats
import ImageCodecs
import Imaging
import Synchronization
import WeightExchange

/// A dataset of unlabeled image files; a file that cannot be decoded is recorded and replaced by a black image.
final class ImageFiles: ImageDataset {
  let classNames: [String] = []
  let viewSize: ImageSize
  let normalization: ChannelNormalization
  /// The paths as bytes, because names need not be UTF-8.
  private let paths: [[UInt8]]
  private let sixteenBit: SixteenBit
  /// The findings, and the files that count: the last one is decoded several times to fill a block.
  private let found = Mutex((findings: Findings(), counted: Set<Int>()))

  /// The findings of decoding about the files.
  struct Findings: Codable, Sendable {
    /// The error messages of the files that this rank could not decode, by index.
    var bad: [Int: String] = [:]
    /// The counts of images without contrast among the others.
    var contrast = ContrastCounts()
  }

  /// Creates a dataset of the files at the given paths.
  init(_ paths: [[UInt8]], _ preprocessing: ImagePreprocessing) {
    self.paths = paths
    sixteenBit = preprocessing.sixteenBit
    viewSize = preprocessing.viewSize
    normalization = preprocessing.normalization
  }

  var count: Int { paths.count }

  func label(at index: Int) -> Int { 0 }

  func name(at index: Int) -> String { String(decoding: paths[index], as: UTF8.self) }

  func image(at index: Int) throws(FileError) -> RGBImage {
    do {
      let image = try RGBImage(decoding: ReadOnlyFile(pathBytes: paths[index]).imageBytes(), sixteenBit: sixteenBit)
      addContrast(of: image, at: index)
      return image
    } catch {
      let (path, text) = (name(at: index), "\(error)")
      let reason = text.hasPrefix(path) ? text : "\(path): \(text)"
      let isMissing = (error as? FileError)?.kind == .missing
      let advice = isMissing ? Self.nameAdvice(path) : nil
      let message = [reason, advice].compactMap { part in part }.joined(separator: "; ")
      found.withLock { found in found.findings.bad[index] = message }
      return RGBImage(
        width: viewSize.width, height: viewSize.height,
        samples: Array(repeating: 0, count: 3 * viewSize.pixelCount))
    }
  }

  /// Adds an image to the counts if it is not among them.
  private func addContrast(of image: RGBImage, at index: Int) {
    guard found.withLock({ found in found.counted.insert(index).inserted }) else { return }
    var contrast = ContrastCounts()
    contrast.add(image)
    if sixteenBit == .scale {
      // Not clipped: an image that is white here is white in the file.
      (contrast.uniform, contrast.white, contrast.clipped) = (contrast.uniform + contrast.white, 0, 0)
    }
    found.withLock { [contrast] found in found.findings.contrast.add(contrast) }
  }

  /// This rank's findings about the files that it decoded.
  var findings: Findings { found.withLock { found in found.findings } }

  /// Returns the advice for a missing file whose name was not UTF-8: arguments and lines are text, in which such bytes
  /// have become replacement characters; `nil` for other files.
  static func nameAdvice(_ path: String) -> String? {
    path.unicodeScalars.contains("\u{FFFD}")
      ? "its name is not UTF-8: rename it, or give the folder that it lies in" : nil
  }
}

// MARK: - Command-line arguments

extension ImageFiles {
  /// The files that command-line arguments name.
  struct Listing {
    /// The paths of all files as bytes, in order.
    fileprivate(set) var paths: [[UInt8]] = []
    /// The error messages of broken and circular links and of folders that cannot be listed, by index in ``paths``.
    fileprivate(set) var problems: [Int: String] = [:]
    /// The notes for the user about files and folders that are not used, as those of a training set.
    fileprivate(set) var notes: [String] = []
  }

  /// Expands command-line arguments to paths: files, all images in folders and subfolders, and for `-` the lines of
  /// standard input.
  ///
  /// Folders are read as those of a training set: in the same order, symbolic links are followed, hidden files and
  /// files of other formats are passed over with a note.
  ///
  /// - Throws: ``FileError`` if the names in a folder take too much memory.
  static func expand(_ arguments: [String]) throws(FileError) -> Listing {
    var listing = Listing()
    for argument in arguments {
      if argument == "-" {
        while let line = readLine() {
          listing.add(line)
        }
      } else if DataPath.kind(argument) == .folder {
        try listing.add(folder: argument)
      } else {
        listing.add(argument)
      }
    }
    return listing
  }
}

extension ImageFiles.Listing {
  /// Adds the file at a path, or at each of several paths that zero bytes separate.
  fileprivate mutating func add(_ text: String) {
    for path in text.utf8.split(separator: 0) {
      paths.append(Array(path))
    }
  }

  /// Adds the images in a folder and its subfolders.
  fileprivate mutating func add(folder path: String) throws(FileError) {
    var folder = SplitFolder(path: FolderRequest(path: path).path)
    folder.isUnlabeled = true
    let scan = try FolderScan(folder, isSkipping: true)
    for number in 0..<scan.index.count {
      paths.append(scan.index.path(at: number))
    }
    // What cannot be listed is reported in its turn, as a file that cannot be read.
    for file in scan.bad {
      problems[paths.count] = file.reason
      paths.append(Array("\(folder.path)/\(file.path)".utf8))
    }
    if let note = scan.note { notes.append(note) }
  }
}
