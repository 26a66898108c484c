/// The rotation or reflection to be applied to a stored image for display; raw values are those of EXIF tag 274 (CIPA
/// DC-008, 4.6.5.1.1).
public enum ImageOrientation: Int, Sendable, CaseIterable {
  /// No change (EXIF value 1).
  case upright = 1
  /// A horizontal reflection: left and right are exchanged (EXIF value 2).
  case mirrored
  /// A rotation by 180 degrees (EXIF value 3).
  case turnedHalf
  /// A vertical reflection: top and bottom are exchanged (EXIF value 4).
  case flipped
  /// A transposition: rows become columns (EXIF value 5).
  case transposed
  /// A clockwise rotation by 90 degrees (EXIF value 6).
  case turnedRight
  /// A transposition and a rotation by 180 degrees (EXIF value 7).
  case transversed
  /// A counterclockwise rotation by 90 degrees (EXIF value 8).
  case turnedLeft

  /// True if rows of the stored image become columns of the displayed image.
  var exchangesAxes: Bool { rawValue >= ImageOrientation.transposed.rawValue }

  /// Returns the displayed size of a stored image, in pixels: width and height are exchanged by half of the
  /// orientations.
  func size(ofStored size: ImageSize) -> ImageSize {
    exchangesAxes ? ImageSize(width: size.height, height: size.width) : size
  }

  /// The axes of the displayed image along which stored pixels are read in reverse.
  private var isReversed: (columns: Bool, rows: Bool) {
    switch self {
    case .upright, .transposed: (false, false)
    case .mirrored, .turnedLeft: (true, false)
    case .flipped, .turnedRight: (false, true)
    case .turnedHalf, .transversed: (true, true)
    }
  }

  /// Returns a stored image after this rotation or reflection, for display.
  public func applied(to image: RGBImage) -> RGBImage {
    guard self != .upright else { return image }
    let (width, height) = (image.width, image.height)
    let turned = size(ofStored: image.size)
    // The stored pixel at the displayed image's top left corner, and the strides from it to the pixels to the right and
    // below.
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

  /// Reads the orientation from EXIF data, which some programs precede with JPEG's segment name in other formats too;
  /// `nil` if they contain none.
  init?(exif: Span<UInt8>) {
    let name = Array("Exif\0\0".utf8)
    self.init(structure: exif.starts(with: name) ? exif.extracting(name.count..<exif.count) : exif)
  }

  /// Reads the orientation from the TIFF structure of EXIF data; `nil` if it contains none.
  private init?(structure exif: Span<UInt8>) {
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
      // The standard requires type SHORT; LONG also occurs.
      let value = type == 3 ? number16(at: offset + 8) : type == 4 ? number32(at: offset + 8) : nil
      guard let value, let orientation = ImageOrientation(rawValue: value) else { return nil }
      self = orientation
      return
    }
    return nil
  }

  /// Reads the orientation from an XMP packet, used if EXIF gives none; `nil` if it contains none.
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
