import Formats
import ImageCodecs

/// The list of a dataset's image files, grouped by class; a file's position in the list is its sample index.
///
/// With class folders a file's path is `root/CLASS/NAME`; with a list of labels, or without labels, it is `root/NAME`.
/// Names are bytes, because file names need not be UTF-8. The memory per file is the length of its name and four bytes.
package struct FolderIndex: Sendable, Equatable {
  /// The folder that contains all files.
  package let root: String
  /// True if each file lies in a folder named after its class.
  package let areClassesFolders: Bool
  /// The conversion of 16-bit gray images to 8 bits.
  package var sixteenBit = SixteenBit.clip
  /// The names of the classes as bytes; labels index them.
  package private(set) var classFolders: [[UInt8]] = []
  /// For each class, the index after its last file.
  private var classEnds: [Int] = []
  /// The concatenated names of all files; each is relative to its class's folder, or to the root.
  private var names: [UInt8] = []
  private var nameEnds: [UInt32] = []

  /// Creates an index without classes and files.
  package init(root: String, areClassesFolders: Bool = true) {
    self.root = root
    self.areClassesFolders = areClassesFolders
  }

  /// Appends a class that has no files yet.
  package mutating func appendClass(_ folder: [UInt8]) {
    classFolders.append(folder)
    classEnds.append(count)
  }

  /// Appends a file to the most recently appended class.
  ///
  /// - Parameter name: The path relative to the class's folder, or to the root.
  /// - Throws: ``FileError`` if all names together exceed 4 GiB.
  package mutating func append(_ name: some Collection<UInt8>) throws(FileError) {
    precondition(!classEnds.isEmpty, "a file without a class")
    guard names.count + name.count <= UInt32.max else {
      throw FileError(.content, "\(root): the names of its files take more than 4 GiB; use shorter ones, or a pack")
    }
    names += name
    nameEnds.append(UInt32(names.count))
    classEnds[classEnds.count - 1] = count
  }

  /// Releases the memory that was reserved for further files.
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

  /// The names of the classes as text.
  package var classNames: [String] { classFolders.map { folder in String(decoding: folder, as: UTF8.self) } }

  /// The memory of the index in bytes.
  package var byteCount: Int {
    names.capacity + nameEnds.capacity * MemoryLayout<UInt32>.stride
      + classFolders.reduce(0) { sum, folder in sum + folder.capacity + 3 * MemoryLayout<Int>.stride }
  }

  /// Returns the indices of the files of a class.
  package func files(ofClass label: Int) -> Range<Int> {
    (label == 0 ? 0 : classEnds[label - 1])..<classEnds[label]
  }

  /// Returns the class index of a file.
  package func label(at index: Int) -> Int {
    precondition(index >= 0 && index < count, "file \(index) of \(count)")
    // Binary search for the first class that ends after the file.
    var (low, high) = (0, classEnds.count - 1)
    while low < high {
      let middle = (low + high) / 2
      (low, high) = classEnds[middle] > index ? (low, middle) : (middle + 1, high)
    }
    return low
  }

  /// Returns a file's path relative to its class's folder, or to the root.
  package func name(at index: Int) -> ArraySlice<UInt8> {
    names[(index == 0 ? 0 : Int(nameEnds[index - 1]))..<Int(nameEnds[index])]
  }

  /// Returns a file's path relative to ``root``.
  package func relativePath(at index: Int) -> [UInt8] {
    guard areClassesFolders else { return Array(name(at: index)) }
    return classFolders[label(at: index)] + [UInt8(ascii: "/")] + name(at: index)
  }

  /// Returns a file's full path.
  package func path(at index: Int) -> [UInt8] {
    let path = relativePath(at: index)
    // The paths in a list may be absolute.
    return path.first == UInt8(ascii: "/") ? path : Array(root.utf8) + [UInt8(ascii: "/")] + path
  }

  /// Returns an index of the files for which `isKept` is true; all classes remain.
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

  /// The SHA-256 of all class and file names, in order.
  package var fingerprint: String { SHA256.hexadecimalDigest(of: encoded(withRoot: false)) }
}

// MARK: - Division

extension FolderIndex {
  /// Splits the files of each class into a training and a validation part.
  ///
  /// The validation part is a function of `fraction` and the class sizes only, so that all runs are compared on the
  /// same files. At least one file of each class stays in the training part.
  ///
  /// - Parameter fraction: The fraction of each class's files held out for validation, rounded to whole files.
  /// - Returns: The training part and the validation part, each with all classes.
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

// MARK: - Transfer to other ranks

extension FolderIndex {
  /// Serializes the index for ``init(decoding:)`` on another rank.
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
    // Omitted from the hash of indices with class folders, so that the hashes recorded in older runs remain valid.
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

  /// Deserializes an index from the bytes of ``encoded()``.
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
