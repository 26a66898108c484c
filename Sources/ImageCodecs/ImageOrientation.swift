/// The turn or mirroring that shows the pixels of a file as they are meant to be seen: the values of EXIF's tag 274 (CIPA DC-008,
/// 4.6.5.1.1).
public enum ImageOrientation: Int, Sendable, CaseIterable {
  /// As they are stored.
  case upright = 1
  /// Mirrored left to right.
  case mirrored
  /// Turned by half a circle.
  case turnedHalf
  /// Mirrored top to bottom.
  case flipped
  /// Rows become columns.
  case transposed
  /// Turned by a quarter clockwise.
  case turnedRight
  /// Rows become columns, both in reverse order.
  case transversed
  /// Turned by a quarter counterclockwise.
  case turnedLeft

  /// True if rows become columns.
  var exchangesAxes: Bool { rawValue >= ImageOrientation.transposed.rawValue }

  /// The extent after turning.
  func size(ofStored size: ImageSize) -> ImageSize {
    exchangesAxes ? ImageSize(width: size.height, height: size.width) : size
  }

  /// True for the axes along which the turned image begins at the stored one's end.
  private var isReversed: (columns: Bool, rows: Bool) {
    switch self {
    case .upright, .transposed: (false, false)
    case .mirrored, .turnedLeft: (true, false)
    case .flipped, .turnedRight: (false, true)
    case .turnedHalf, .transversed: (true, true)
    }
  }

  /// A stored image, turned.
  public func applied(to image: RGBImage) -> RGBImage {
    guard self != .upright else { return image }
    let (width, height) = (image.width, image.height)
    let turned = size(ofStored: image.size)
    // Where the stored pixel of the turned image's corner lies, and how far the next ones to the right and below are.
    let (columnsReversed, rowsReversed) = isReversed
    let first = (rowsReversed ? (height - 1) * width : 0) + (columnsReversed ? width - 1 : 0)
    let alongColumns = columnsReversed ? -1 : 1
    let alongRows = rowsReversed ? -width : width
    let (right, down) = exchangesAxes ? (alongRows, alongColumns) : (alongColumns, alongRows)
    let samples = unsafe image.samples.withUnsafeBufferPointer { stored in
      unsafe [UInt8](unsafeUninitializedCapacity: image.samples.count) { target, count in
        for row in 0..<turned.height {
          var source = first + row * down
          for _ in 0..<turned.width {
            unsafe target[count] = stored[3 * source]
            unsafe target[count + 1] = stored[3 * source + 1]
            unsafe target[count + 2] = stored[3 * source + 2]
            source += right
            count += 3
          }
        }
      }
    }
    return RGBImage(width: turned.width, height: turned.height, samples: samples)
  }
}

extension ImageOrientation {
  private static let tag = 274

  /// The orientation in a TIFF structure, as EXIF has it; `nil` if there is none to be found.
  init?(exif: Span<UInt8>) {
    let isLittle = exif.starts(with: [0x49, 0x49])
    guard isLittle || exif.starts(with: [0x4D, 0x4D]) else { return nil }
    func number16(at offset: Int) -> Int? {
      exif.bigEndian16(at: offset).map { number in isLittle ? number >> 8 | (number & 0xFF) << 8 : number }
    }
    func number32(at offset: Int) -> Int? {
      guard let first = number16(at: offset), let second = number16(at: offset + 2) else { return nil }
      return isLittle ? second << 16 | first : first << 16 | second
    }
    guard let directory = number32(at: 4), let entries = number16(at: directory) else { return nil }
    for entry in 0..<entries {
      let offset = directory + 2 + 12 * entry
      guard let tag = number16(at: offset), let type = number16(at: offset + 2) else { return nil }
      guard tag == Self.tag else { continue }
      // SHORT by the standard; LONG is found too.
      let value = type == 3 ? number16(at: offset + 8) : type == 4 ? number32(at: offset + 8) : nil
      guard let value, let orientation = ImageOrientation(rawValue: value) else { return nil }
      self = orientation
      return
    }
    return nil
  }

  /// The orientation in an XMP packet, which counts where EXIF has none; `nil` if there is none to be found.
  init?(xmp: Span<UInt8>) {
    let name = Array("tiff:Orientation".utf8)
    for offset in 0..<max(0, xmp.count - name.count - 2) where xmp[offset] == name[0] {
      guard xmp.starts(with: name, at: offset) else { continue }
      let next = offset + name.count
      let isAttribute = xmp.starts(with: Array("=\"".utf8), at: next)
      let digit = next + (isAttribute ? 2 : 1)
      guard isAttribute || xmp[next] == UInt8(ascii: ">"), digit < xmp.count else { continue }
      guard let orientation = ImageOrientation(rawValue: Int(xmp[digit]) - Int(UInt8(ascii: "0"))) else { return nil }
      self = orientation
      return
    }
    return nil
  }
}
