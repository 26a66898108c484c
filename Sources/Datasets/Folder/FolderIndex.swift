import Formats
import ImageCodecs
import KeyedRandomness

/// The image files of a dataset by class, in the order of their indices.
///
/// In a tree of folders a file's path is `root/CLASS/NAME`; with labels from a list, or without labels, it is `root/NAME`. Names are bytes, as
/// the file system has them: they need not be UTF-8. A file takes the length of its name and four bytes.
package struct FolderIndex: Sendable, Equatable {
  /// The folder that all paths begin with.
  package let root: String
  /// True if each file lies in a folder named after its class.
  package let areClassesFolders: Bool
  /// The conversion of gray images of 16 bits when the files are decoded.
  package var sixteenBit = SixteenBit.clip
  /// The names of the classes as bytes; labels index them.
  package private(set) var classFolders: [[UInt8]] = []
  /// The index after the last file of each class.
  private var classEnds: [Int] = []
  /// All names in one array, each relative to its class's folder, or to the root.
  private var names: [UInt8] = []
  private var nameEnds: [UInt32] = []

  /// An index without classes.
  package init(root: String, areClassesFolders: Bool = true) {
    self.root = root
    self.areClassesFolders = areClassesFolders
  }

  /// Appends a class without files.
  package mutating func appendClass(_ folder: [UInt8]) {
    classFolders.append(folder)
    classEnds.append(count)
  }

  /// Appends a file to the last class.
  ///
  /// - Parameter name: Its path below the class's folder, or below the root.
  /// - Throws: ``FileError`` if all names together take 4 GiB.
  package mutating func append(_ name: some Collection<UInt8>) throws(FileError) {
    precondition(!classEnds.isEmpty, "a file without a class")
    guard names.count + name.count <= UInt32.max else {
      throw FileError(.content, "\(root): the names of its files take more than 4 GiB; use shorter ones, or a pack")
    }
    names += name
    nameEnds.append(UInt32(names.count))
    classEnds[classEnds.count - 1] = count
  }

  /// Releases memory reserved for further files.
  mutating func shrink() {
    var (exactNames, exactEnds): ([UInt8], [UInt32]) = ([], [])
    exactNames.reserveCapacity(names.count)
    exactNames += names
    exactEnds.reserveCapacity(nameEnds.count)
    exactEnds += nameEnds
    (names, nameEnds) = (exactNames, exactEnds)
  }

  /// The number of files.
  package var count: Int { nameEnds.count }

  /// The names of the classes, readable.
  package var classNames: [String] { classFolders.map { folder in String(decoding: folder, as: UTF8.self) } }

  /// The memory of the index, in bytes.
  package var byteCount: Int {
    names.capacity + nameEnds.capacity * MemoryLayout<UInt32>.stride
      + classFolders.reduce(0) { sum, folder in sum + folder.capacity + 3 * MemoryLayout<Int>.stride }
  }

  /// The files of a class.
  package func files(ofClass label: Int) -> Range<Int> {
    (label == 0 ? 0 : classEnds[label - 1])..<classEnds[label]
  }

  /// The class of a file.
  package func label(at index: Int) -> Int {
    precondition(index >= 0 && index < count, "file \(index) of \(count)")
    // The first class that ends behind it.
    var (low, high) = (0, classEnds.count - 1)
    while low < high {
      let middle = (low + high) / 2
      (low, high) = classEnds[middle] > index ? (low, middle) : (middle + 1, high)
    }
    return low
  }

  /// A file's path below its class's folder, or below the root.
  package func name(at index: Int) -> ArraySlice<UInt8> {
    names[(index == 0 ? 0 : Int(nameEnds[index - 1]))..<Int(nameEnds[index])]
  }

  /// A file's path below ``root``.
  package func relativePath(at index: Int) -> [UInt8] {
    guard areClassesFolders else { return Array(name(at: index)) }
    return classFolders[label(at: index)] + [UInt8(ascii: "/")] + name(at: index)
  }

  /// A file's path.
  package func path(at index: Int) -> [UInt8] {
    let path = relativePath(at: index)
    // A list may have absolute paths.
    return path.first == UInt8(ascii: "/") ? path : Array(root.utf8) + [UInt8(ascii: "/")] + path
  }

  /// The files for which `isKept` is true, with all classes.
  package func filtered(_ isKept: (Int) -> Bool) -> FolderIndex {
    var kept = FolderIndex(root: root, areClassesFolders: areClassesFolders)
    kept.sixteenBit = sixteenBit
    for label in classFolders.indices {
      kept.classFolders.append(classFolders[label])
      for index in files(ofClass: label) where isKept(index) {
        kept.names += name(at: index)
        kept.nameEnds.append(UInt32(kept.names.count))
      }
      kept.classEnds.append(kept.count)
    }
    kept.shrink()
    return kept
  }

  /// The SHA-256 of all file and class names, in order.
  package var fingerprint: String {
    let digest = SHA256()
    let bytes = encoded(withRoot: false)
    unsafe digest.update(bytes.span.bytes)
    return SHA256.hexadecimal(digest.finalize())
  }
}

// MARK: - Division

extension FolderIndex {
  /// Splits the files of each class into a training and a validation part.
  ///
  /// The validation part is a function of `fraction` and the class sizes only, so that all runs are compared on the same
  /// files. At least one file of each class stays in the training part.
  ///
  /// - Parameter fraction: The fraction of each class's files held out for validation, rounded to whole files.
  /// - Returns: Both parts, with all classes.
  package func divided(validationFraction fraction: Double) -> (training: FolderIndex, validation: FolderIndex) {
    var isValidation = [Bool](repeating: false, count: count)
    for label in classFolders.indices {
      let files = files(ofClass: label)
      for position in HeldOutSplit.positions(ofClass: label, count: files.count, fraction: fraction) {
        isValidation[files.lowerBound + position] = true
      }
    }
    return (filtered { index in !isValidation[index] }, filtered { index in isValidation[index] })
  }
}

// MARK: - On its way to other ranks

extension FolderIndex {
  /// The index as bytes, for ``init(decoding:)``.
  package func encoded() -> [UInt8] { encoded(withRoot: true) }

  private func encoded(withRoot isWithRoot: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(names.count + 4 * count + classFolders.count * 64 + root.utf8.count + 64)
    func append(_ number: Int) {
      bytes += (0..<8).map { byte in UInt8(truncatingIfNeeded: number >> (8 * byte)) }
    }
    func append(text: [UInt8]) {
      append(text.count)
      bytes += text
    }
    append(text: isWithRoot ? Array(root.utf8) : [])
    // Absent from the hash of folders, which is in older runs.
    if isWithRoot || !areClassesFolders {
      append(areClassesFolders ? 1 : 0)
    }
    append(classFolders.count)
    for label in classFolders.indices {
      append(text: classFolders[label])
      append(classEnds[label])
    }
    append(count)
    for end in nameEnds {
      for byte in 0..<4 {
        bytes.append(UInt8(truncatingIfNeeded: end >> (8 * UInt32(byte))))
      }
    }
    bytes += names
    return bytes
  }

  /// Decodes the result of ``encoded()`` from another rank.
  package init(decoding bytes: [UInt8]) {
    var offset = 0
    func number() -> Int {
      defer { offset += 8 }
      return (0..<8).reduce(0) { number, byte in number | Int(bytes[offset + byte]) << (8 * byte) }
    }
    func text() -> [UInt8] {
      let count = number()
      defer { offset += count }
      return Array(bytes[offset..<offset + count])
    }
    let root = String(decoding: text(), as: UTF8.self)
    self.init(root: root, areClassesFolders: number() == 1)
    for _ in 0..<number() {
      classFolders.append(text())
      classEnds.append(number())
    }
    let count = number()
    nameEnds.reserveCapacity(count)
    for _ in 0..<count {
      nameEnds.append((0..<4).reduce(0) { end, byte in end | UInt32(bytes[offset + byte]) << (8 * UInt32(byte)) })
      offset += 4
    }
    names = Array(bytes[offset...])
  }
}
