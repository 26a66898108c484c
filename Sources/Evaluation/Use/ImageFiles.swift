import Datasets
import Formats
import Foundation
import ImageCodecs
import Imaging
import Synchronization
import WeightExchange

/// A dataset of unlabeled image files; a file that cannot be decoded is recorded and replaced by a black image.
final class ImageFiles: ImageDataset {
  let classNames: [String] = []
  let viewSize: ImageSize
  let normalization: ChannelNormalization
  private let paths: [String]
  private let sixteenBit: SixteenBit
  private let bad = Mutex<[Int: String]>([:])

  /// Creates a dataset of the files at the given paths.
  init(_ paths: [String], _ preprocessing: ImagePreprocessing) {
    self.paths = paths
    sixteenBit = preprocessing.sixteenBit
    viewSize = preprocessing.viewSize
    normalization = preprocessing.normalization
  }

  var count: Int { paths.count }

  func label(at index: Int) -> Int { 0 }

  func name(at index: Int) -> String { paths[index] }

  func image(at index: Int) throws(FileError) -> RGBImage {
    do {
      let file = try ReadOnlyFile(path: paths[index])
      return try RGBImage(decoding: try file.read(file.byteCount, at: 0), sixteenBit: sixteenBit)
    } catch {
      let text = "\(error)"
      let reason = text.hasPrefix(paths[index]) ? text : "\(paths[index]): \(text)"
      bad.withLock { bad in bad[index] = reason }
      return RGBImage(
        width: viewSize.width, height: viewSize.height,
        samples: Array(repeating: 0, count: 3 * viewSize.pixelCount))
    }
  }

  /// The error messages of the files that this rank could not decode, by index.
  var badFiles: [Int: String] { bad.withLock { bad in bad } }

  /// Expands command-line arguments to paths: files, all images in folders and subfolders, sorted by path, and for `-`
  /// the lines of standard input.
  static func expand(_ arguments: [String]) -> [String] {
    arguments.flatMap { argument -> [String] in
      if argument == "-" {
        var lines: [String] = []
        while let line = readLine() {
          lines.append(line)
        }
        return lines.filter { line in !line.isEmpty }
      }
      var isFolder: ObjCBool = false
      guard unsafe FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder), isFolder.boolValue else {
        return [argument]
      }
      let names = FileManager.default.enumerator(atPath: argument)?.compactMap { name in name as? String } ?? []
      return names.filter { name in
        let ending = name.split(separator: ".").last?.lowercased() ?? ""
        return FolderScan.endings.contains(ending)
      }.sorted().map { name in "\(argument)/\(name)" }
    }
  }
}
