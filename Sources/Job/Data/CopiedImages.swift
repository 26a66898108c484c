import Configuration
import Datasets
import Formats

/// A search for validation or test images that are copies of training images.
enum CopiedImages {
  /// The number of images of a split that are compared.
  private static let limit = 100

  /// Compares some images of a split with the training images of the same class and file name; on rank 0 only.
  ///
  /// - Parameters:
  ///   - split: The split.
  ///   - index: Its images.
  ///   - place: The path that names them in the warning.
  ///   - training: The training images.
  /// - Returns: A warning if at least half of them have the same bytes; `nil` otherwise, and for fewer than five.
  static func warning(of split: Split, _ index: FolderIndex, in place: String, training: FolderIndex) -> String? {
    let chosen = evenlySpaced(limit, below: index.count).map { number in (number, key(number, of: index)) }
    let wanted = Set(chosen.map { _, key in key })
    var known: [[UInt8]: Int] = [:]
    for number in 0..<training.count {
      let key = key(number, of: training)
      if wanted.contains(key) { known[key] = number }
    }
    let copies = chosen.count { number, key in
      known[key].map { other in haveEqualBytes(index.path(at: number), training.path(at: other)) } ?? false
    }
    guard copies >= 5, copies * 2 >= chosen.count else { return nil }
    return
      "\(place): of \(chosen.count) \(split.title) images looked at, \(copies) are copies of training images; accuracies on them say nothing about new images"
  }

  /// Returns class and file name of an image.
  private static func key(_ number: Int, of index: FolderIndex) -> [UInt8] {
    let slash = UInt8(ascii: "/")
    return index.classFolders[index.label(at: number)] + [slash]
      + (index.name(at: number).split(separator: slash).last ?? [])
  }

  private static func haveEqualBytes(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    guard let one = try? ReadOnlyFile(pathBytes: one), let other = try? ReadOnlyFile(pathBytes: other),
      one.byteCount == other.byteCount, let bytes = try? one.contents(), let others = try? other.contents()
    else { return false }
    return bytes == others
  }
}
