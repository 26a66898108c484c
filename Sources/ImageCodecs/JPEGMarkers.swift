/// The marker segments of a JPEG file up to its first scan (ISO/IEC 10918-1, annex B).
struct JPEGMarkers {
  static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]

  let header: ImageHeader
  /// The number of color components per pixel: 1 for gray, 3 for color, 4 for CMYK.
  let componentCount: Int
  /// True if the file has an end-of-image marker.
  let hasEnd: Bool

  /// Reads the segments up to the first scan.
  ///
  /// - Throws: ``ImageError`` if the file has no frame header, uses an unsupported coding process, or is truncated.
  init(of bytes: Span<UInt8>) throws(ImageError) {
    var frame: Frame?
    var exif: ImageOrientation?
    var xmp: ImageOrientation?
    var offset = 2
    while true {
      // Bytes between segments are skipped, as all decoders do.
      while offset < bytes.count, bytes[offset] != 0xFF {
        offset += 1
      }
      while offset < bytes.count, bytes[offset] == 0xFF {
        offset += 1
      }
      guard offset < bytes.count else { throw ImageError("is cut off before its pixels") }
      let marker = bytes[offset]
      offset += 1
      if Self.standsAlone(marker) {
        continue
      }
      guard marker != Self.endOfImage else { throw ImageError("holds no pixels") }
      guard let length = bytes.bigEndian16(at: offset), length >= 2, length <= bytes.count - offset else {
        throw ImageError(
          "is cut off or damaged in the segment of marker 0x\(String(marker, radix: 16)) at byte \(offset - 2)")
      }
      let segment = bytes.extracting(offset + 2..<offset + length)
      offset += length
      switch marker {
      case Self.application1:
        if exif == nil, segment.starts(with: Self.exifName) {
          exif = ImageOrientation(exif: segment.extracting(Self.exifName.count..<segment.count))
        } else if xmp == nil, segment.starts(with: Self.xmpName) {
          xmp = ImageOrientation(xmp: segment.extracting(Self.xmpName.count..<segment.count))
        }
      case 0xC0...0xCF where ![0xC4, 0xC8, 0xCC].contains(marker):
        guard frame == nil else { throw ImageError("has two frames; expected one image") }
        frame = try Frame(segment, marker: marker)
      case Self.startOfScan:
        guard let frame else { throw ImageError("has a scan before it says how large the image is") }
        // With several scans, missing ones would go unnoticed; with a single scan, the decoder detects every missing
        // pixel.
        hasEnd = Self.hasEnd(bytes.extracting(offset..<bytes.count))
        guard hasEnd || frame.isInOneScan(segment) else {
          throw ImageError("is cut off: it does not end with an end-of-image marker; is the file complete?")
        }
        componentCount = frame.componentCount
        header = try ImageHeader(
          .jpeg, width: frame.width, height: frame.height, orientation: exif ?? xmp ?? .upright,
          mostPixels: frame.mostPixels(inBytes: bytes.count - offset))
        return
      default: break
      }
    }
  }

  private static let application1: UInt8 = 0xE1
  private static let startOfScan: UInt8 = 0xDA
  private static let endOfImage: UInt8 = 0xD9
  private static let exifName = Array("Exif\0\0".utf8)
  private static let xmpName = Array("http://ns.adobe.com/xap/1.0/\0".utf8)

  /// Returns true for a marker that is not followed by a segment: a stuffed zero byte, TEM, a restart marker, or a
  /// second start of image.
  private static func standsAlone(_ marker: UInt8) -> Bool {
    marker <= 0x01 || (0xD0...0xD8).contains(marker)
  }

  /// Returns true if an end-of-image marker follows the first scan's header.
  ///
  /// Within entropy-coded data, 0xFF is always followed by 0 or a restart marker's code, so that a truncated image
  /// contains no end marker.
  private static func hasEnd(_ rest: Span<UInt8>) -> Bool {
    var offset = rest.count - 2
    while offset >= 0 {
      if rest[offset] == 0xFF, rest[offset + 1] == endOfImage {
        return true
      }
      offset -= 1
    }
    return false
  }

  /// The contents of a frame header (image size and components).
  private struct Frame {
    let width: Int
    let height: Int
    let componentCount: Int
    private let blocksPerUnit: Int
    private let isArithmetic: Bool
    private let isProgressive: Bool

    init(_ segment: Span<UInt8>, marker: UInt8) throws(ImageError) {
      guard let height = segment.bigEndian16(at: 1), let width = segment.bigEndian16(at: 3), segment.count >= 6,
        segment.count >= 6 + 3 * Int(segment[5])
      else { throw ImageError("is damaged: its frame header has only \(segment.count) bytes") }
      guard segment[0] == 8 else {
        throw ImageError("has samples of \(segment[0]) bits; expected a JPEG of 8 bits")
      }
      componentCount = Int(segment[5])
      guard [1, 3, 4].contains(componentCount) else {
        throw ImageError("has \(componentCount) color components; expected 1, 3 or 4")
      }
      (self.width, self.height) = (width, height)
      var (horizontal, vertical) = (1, 1)
      for component in 0..<componentCount {
        let factors = segment[6 + 3 * component + 1]
        horizontal = max(horizontal, min(Int(factors >> 4), 4))
        vertical = max(vertical, min(Int(factors & 15), 4))
      }
      blocksPerUnit = horizontal * vertical
      isArithmetic = marker > 0xC8
      isProgressive = [0xC2, 0xC6, 0xCA, 0xCE].contains(marker)
    }

    /// Returns true if the scan with this header contains the complete image.
    func isInOneScan(_ scanHeader: Span<UInt8>) -> Bool {
      !isProgressive && !isArithmetic && !scanHeader.isEmpty && Int(scanHeader[0]) == componentCount
    }

    /// Returns the largest number of pixels that `count` bytes can encode: a Huffman code has at least one bit and
    /// covers a unit of 8×8 to 32×32 pixels.
    func mostPixels(inBytes count: Int) -> Int {
      isArithmetic ? Int.max : count * 8 * 64 * blocksPerUnit
    }
  }
}
