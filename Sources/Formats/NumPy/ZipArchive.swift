import CZlib

/// The members of a zip file (PKWARE's APPNOTE 6.3), stored or deflated, including zip64 files of more than 4 GiB.
struct ZipArchive {
  /// An entry of the central directory, which describes one member.
  struct Member {
    let name: String
    let method: Int
    let checksum: UInt32
    let compressedCount: Int
    let count: Int
    /// The file offset of the member's local header.
    let offset: Int
  }

  let members: [Member]
  private let file: ReadOnlyFile

  /// Returns true if a file begins with a zip signature.
  static func isZip(_ file: ReadOnlyFile) throws(FileError) -> Bool {
    let start = try file.start(4)
    return start == [0x50, 0x4B, 3, 4] || start == [0x50, 0x4B, 5, 6]
  }

  /// Reads the central directory of a zip file.
  ///
  /// - Throws: ``FileError`` if the directory is missing or inconsistent with the file.
  init(_ file: ReadOnlyFile) throws(FileError) {
    self.file = file
    // The end record has 22 bytes and a comment of at most 65,535 bytes.
    let tailCount = min(file.byteCount, 22 + 65535)
    let tail = Bytes(try file.read(tailCount, at: file.byteCount - tailCount))
    guard let end = tail.lastPlace(of: 0x0605_4B50), var memberCount = tail.number(2, at: end + 10),
      var size = tail.number(4, at: end + 12), var offset = tail.number(4, at: end + 16)
    else { throw Self.damaged(file, "it has no directory at its end") }
    if offset == 0xFFFF_FFFF || memberCount == 0xFFFF, end >= 20, tail.number(4, at: end - 20) == 0x0706_4B50,
      let place = tail.number(8, at: end - 12)
    {
      let record = Bytes(try file.read(56, at: place))
      guard let count = record.number(8, at: 32), let bytes = record.number(8, at: 40),
        let start = record.number(8, at: 48)
      else { throw Self.damaged(file, "its directory cannot be read") }
      (memberCount, size, offset) = (count, bytes, start)
    }
    guard offset <= file.byteCount, size <= file.byteCount - offset, memberCount <= size / 46 else {
      throw Self.damaged(file, "its directory does not fit the file")
    }
    let directory = Bytes(try file.read(size, at: offset))
    var members: [Member] = []
    var place = 0
    for _ in 0..<memberCount {
      guard let (member, next) = Self.member(directory, at: place) else {
        throw Self.damaged(file, "its directory cannot be read")
      }
      members.append(member)
      place = next
    }
    self.members = members
  }

  private static func member(_ directory: Bytes, at place: Int) -> (Member, next: Int)? {
    guard directory.number(4, at: place) == 0x0201_4B50, let method = directory.number(2, at: place + 10),
      let checksum = directory.number(4, at: place + 16), var compressed = directory.number(4, at: place + 20),
      var count = directory.number(4, at: place + 24), let nameCount = directory.number(2, at: place + 28),
      let extraCount = directory.number(2, at: place + 30), let commentCount = directory.number(2, at: place + 32),
      var offset = directory.number(4, at: place + 42), let name = directory.text(nameCount, at: place + 46)
    else { return nil }
    var extra = place + 46 + nameCount
    let next = extra + extraCount + commentCount
    while extra + 4 <= place + 46 + nameCount + extraCount, let kind = directory.number(2, at: extra),
      let length = directory.number(2, at: extra + 2)
    {
      if kind == 1 {
        // The zip64 extra field holds 64-bit values only for those fields whose 32-bit value is all ones.
        var wide = extra + 4
        func take(_ field: inout Int) {
          guard field == 0xFFFF_FFFF, let number = directory.number(8, at: wide) else { return }
          (field, wide) = (number, wide + 8)
        }
        take(&count)
        take(&compressed)
        take(&offset)
      }
      extra += 4 + length
    }
    return (
      Member(
        name: name, method: method, checksum: UInt32(checksum), compressedCount: compressed, count: count,
        offset: offset),
      next
    )
  }

  /// Reads and decompresses a member.
  ///
  /// - Throws: ``FileError`` if the member is truncated, damaged, or compressed by a method other than deflate.
  func contents(of member: Member) throws(FileError) -> [UInt8] {
    let header = Bytes(try file.read(30, at: member.offset))
    guard header.number(4, at: 0) == 0x0403_4B50, let nameCount = header.number(2, at: 26),
      let extraCount = header.number(2, at: 28)
    else { throw Self.damaged(file, "\(member.name) is not where the directory says") }
    let stored = try file.read(member.compressedCount, at: member.offset + 30 + nameCount + extraCount)
    let contents: [UInt8]
    switch member.method {
    case 0: contents = stored
    case 8:
      // Deflate compresses by a factor of at most 1032: a larger claimed size is refused before memory is allocated.
      guard member.count / 1032 <= stored.count, let inflated = Self.inflated(stored, count: member.count) else {
        throw Self.damaged(file, "\(member.name) cannot be inflated")
      }
      contents = inflated
    default:
      throw FileError(
        .content,
        "\(file.path): \(member.name) is compressed by method \(member.method), expected numpy.savez or savez_compressed"
      )
    }
    guard contents.count == member.count, Self.checksum(contents) == member.checksum else {
      throw Self.damaged(file, "\(member.name) does not have its checksum")
    }
    return contents
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    UInt32(
      truncatingIfNeeded: unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe crc32_z(0, bytes.baseAddress, bytes.count)
      })
  }

  /// Decompresses deflate data; returns `nil` unless the result has exactly `count` bytes.
  private static func inflated(_ data: [UInt8], count: Int) -> [UInt8]? {
    var stream = unsafe z_stream()
    guard unsafe czlib_begin_raw_inflation(&stream) == Z_OK else { return nil }
    defer { unsafe inflateEnd(&stream) }
    var isWhole = false
    var source = data
    let piece = 1 << 30
    let result = unsafe [UInt8](unsafeUninitializedCapacity: count + 1) { target, filled in
      unsafe source.withUnsafeMutableBufferPointer { source in
        var taken = 0
        // zlib counts bytes in 32 bits. One extra byte of output space reveals data that are longer than claimed.
        while true {
          let given = min(source.count - taken, piece)
          let room = min(count + 1 - filled, piece)
          unsafe stream.next_in = source.baseAddress.map { start in unsafe start + taken }
          unsafe stream.avail_in = UInt32(given)
          unsafe stream.next_out = target.baseAddress.map { start in unsafe start + filled }
          unsafe stream.avail_out = UInt32(room)
          let status = unsafe inflate(&stream, Z_NO_FLUSH)
          let (used, made) = unsafe (given - Int(stream.avail_in), room - Int(stream.avail_out))
          (taken, filled) = (taken + used, filled + made)
          isWhole = status == Z_STREAM_END && filled == count
          guard status == Z_OK, used + made > 0 else { return }
        }
      }
    }
    return isWhole ? result : nil
  }

  private static func damaged(_ file: ReadOnlyFile, _ reason: String) -> FileError {
    FileError(.content, "\(file.path): is a damaged or truncated zip file: \(reason)")
  }

  /// Little-endian integers in a byte array, with bounds checks.
  private struct Bytes {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
    }

    /// Returns the integer of up to 8 bytes at an offset; `nil` if the array is too short or the value exceeds 63 bits.
    func number(_ width: Int, at place: Int) -> Int? {
      guard place >= 0, place <= bytes.count - width else { return nil }
      return Int(
        exactly: (0..<width).reduce(UInt64(0)) { number, index in number | UInt64(bytes[place + index]) << (8 * index) }
      )
    }

    func text(_ count: Int, at place: Int) -> String? {
      guard place >= 0, place <= bytes.count - count else { return nil }
      return String(decoding: bytes[place..<place + count], as: UTF8.self)
    }

    func lastPlace(of signature: Int) -> Int? {
      (0..<max(bytes.count - 21, 0)).last { place in
        bytes[place] == 0x50 && number(4, at: place) == signature
      }
    }
  }
}
