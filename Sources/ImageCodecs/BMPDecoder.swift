/// A decoder of Windows bitmaps that ignores alpha and returns the same 8-bit values as Pillow.
enum BMPDecoder {
  /// Decodes the pixels of a bitmap whose header was already read.
  ///
  /// - Throws: ``ImageError`` if the pixel data are incomplete.
  static func decode(_ bytes: Span<UInt8>, _ bitmap: BMPHeader) throws(ImageError) -> RGBImage {
    let size = bitmap.header.storedSize
    var samples = [UInt8](repeating: 0, count: 3 * size.pixelCount)
    switch bitmap.compression {
    case .runLength8, .runLength4:
      let indices = try runLengthIndices(bytes, bitmap)
      let colors = palette(bytes, bitmap)
      for pixel in 0..<size.pixelCount {
        set(&samples, pixel, colors[Int(indices[pixel])])
      }
    case .none, .bitFields, .alphaBitFields:
      guard bitmap.rowBytes * size.height <= bytes.count - bitmap.pixelOffset else {
        throw ImageError(
          "is cut off: expected \(bitmap.rowBytes * size.height) bytes of pixels, found \(bytes.count - bitmap.pixelOffset); "
            + "is the file complete?")
      }
      decodeRows(bytes, bitmap, into: &samples)
    }
    return RGBImage(width: size.width, height: size.height, samples: samples)
  }

  private typealias Color = (red: UInt8, green: UInt8, blue: UInt8)

  private static func set(_ samples: inout [UInt8], _ pixel: Int, _ color: Color) {
    samples[3 * pixel] = color.red
    samples[3 * pixel + 1] = color.green
    samples[3 * pixel + 2] = color.blue
  }

  private static func decodeRows(_ bytes: Span<UInt8>, _ bitmap: BMPHeader, into samples: inout [UInt8]) {
    let size = bitmap.header.storedSize
    let colors = palette(bytes, bitmap)
    let channels = bitmap.masks.map(Channel.init)
    let depth = bitmap.bitsPerPixel
    for row in 0..<size.height {
      let start = bitmap.pixelOffset + (bitmap.isTopDown ? row : size.height - 1 - row) * bitmap.rowBytes
      for column in 0..<size.width {
        let color: Color
        switch depth {
        case 24:
          let place = start + 3 * column
          color = (bytes[place + 2], bytes[place + 1], bytes[place])
        case 16, 32:
          let place = start + depth / 8 * column
          let low = UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8
          let value = depth == 16 ? low : low | UInt32(bytes[place + 2]) << 16 | UInt32(bytes[place + 3]) << 24
          color = (channels[0].level(value), channels[1].level(value), channels[2].level(value))
        default:
          let shift = 8 - depth - column * depth % 8
          color = colors[Int(bytes[start + column * depth / 8]) >> shift & (1 << depth - 1)]
        }
        set(&samples, row * size.width + column, color)
      }
    }
  }

  /// The bit position and width of one color channel in a pixel; values are scaled to 8 bits, rounding down.
  private struct Channel {
    let shift: Int
    let most: UInt64

    init(mask: UInt32) {
      shift = mask.trailingZeroBitCount
      most = UInt64(mask >> UInt32(min(shift, 31)))
    }

    func level(_ pixel: UInt32) -> UInt8 {
      UInt8(min((UInt64(pixel) >> UInt64(shift) & most) * 255 / max(most, 1), 255))
    }
  }

  /// Returns a palette with one color for every possible index; colors that are missing in the file are black.
  private static func palette(_ bytes: Span<UInt8>, _ bitmap: BMPHeader) -> [Color] {
    guard bitmap.bitsPerPixel <= 8 else { return [] }
    return (0..<1 << bitmap.bitsPerPixel).map { index in
      guard index < bitmap.palette.count else { return (0, 0, 0) }
      let place = bitmap.palette.offset + index * bitmap.palette.stride
      return (bytes[place + 2], bytes[place + 1], bytes[place])
    }
  }

  /// Decodes run-length compressed palette indices, row by row from the top.
  private static func runLengthIndices(_ bytes: Span<UInt8>, _ bitmap: BMPHeader) throws(ImageError) -> [UInt8] {
    let size = bitmap.header.storedSize
    let isNibbles = bitmap.compression == .runLength4
    var indices = [UInt8](repeating: 0, count: size.pixelCount)
    var (column, row, offset) = (0, 0, bitmap.pixelOffset)
    func put(_ index: UInt8) {
      guard column < size.width, row < size.height else { return }
      indices[(bitmap.isTopDown ? row : size.height - 1 - row) * size.width + column] = index
      column += 1
    }
    while row < size.height {
      guard offset + 2 <= bytes.count else { throw ImageError("is cut off in its pixels; is the file complete?") }
      let (count, value) = (Int(bytes[offset]), bytes[offset + 1])
      offset += 2
      if count > 0 {
        for index in 0..<count {
          put(isNibbles ? (index % 2 == 0 ? value >> 4 : value & 15) : value)
        }
        continue
      }
      switch value {
      case 0:
        (column, row) = (0, row + 1)
      case 1:
        return indices
      case 2:
        guard offset + 2 <= bytes.count else { throw ImageError("is cut off in its pixels; is the file complete?") }
        (column, row) = (column + Int(bytes[offset]), row + Int(bytes[offset + 1]))
        offset += 2
      default:
        let literals = Int(value)
        let length = isNibbles ? (literals + 1) / 2 : literals
        guard offset + length <= bytes.count else {
          throw ImageError("is cut off in its pixels; is the file complete?")
        }
        for index in 0..<literals {
          let byte = bytes[offset + (isNibbles ? index / 2 : index)]
          put(isNibbles ? (index % 2 == 0 ? byte >> 4 : byte & 15) : byte)
        }
        offset += length + length % 2
      }
    }
    return indices
  }
}
