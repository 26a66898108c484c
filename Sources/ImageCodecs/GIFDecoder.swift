/// The blocks of a GIF file up to the compressed pixels of its first frame.
struct GIFBlocks {
  let header: ImageHeader
  /// The position and size of the first frame in the image.
  let frame: (left: Int, top: Int, size: ImageSize)
  let isInterlaced: Bool
  /// The byte range of the palette: red, green and blue of each color.
  let palette: Range<Int>
  /// The palette index of the color around a frame that does not fill the image: the transparent color, else the
  /// background color.
  let background: Int
  /// The file offset of the minimum code size, the byte before the blocks of compressed pixels.
  let pixelOffset: Int

  /// Reads the blocks up to the first frame.
  ///
  /// - Throws: ``ImageError`` if there is no frame, it has no palette, or the file is truncated.
  init(of bytes: Span<UInt8>) throws(ImageError) {
    guard let width = bytes.littleEndian16(at: 6), let height = bytes.littleEndian16(at: 8), bytes.count >= 13 else {
      throw ImageError("is cut off in its header; is the file complete?")
    }
    let screenFlags = bytes[10]
    let screenPalette = Self.palette(screenFlags, at: 13)
    var transparent: Int?
    var offset = screenPalette.upperBound
    while offset < bytes.count, bytes[offset] == 0x21 {
      // A graphic control extension: size 4, flags, delay, transparent color.
      if bytes.starts(with: [0x21, 0xF9, 4], at: offset), offset + 6 < bytes.count, bytes[offset + 3] & 1 == 1 {
        transparent = Int(bytes[offset + 6])
      }
      offset += 2
      while offset < bytes.count, bytes[offset] > 0 {
        offset += 1 + Int(bytes[offset])
      }
      offset += 1
    }
    guard offset < bytes.count else { throw ImageError("is cut off before its first frame; is the file complete?") }
    guard bytes[offset] == 0x2C else { throw ImageError("is damaged: expected its first frame at byte \(offset)") }
    guard let left = bytes.littleEndian16(at: offset + 1), let top = bytes.littleEndian16(at: offset + 3),
      let frameWidth = bytes.littleEndian16(at: offset + 5), let frameHeight = bytes.littleEndian16(at: offset + 7),
      offset + 9 < bytes.count
    else { throw ImageError("is cut off in its first frame; is the file complete?") }
    let flags = bytes[offset + 9]
    let ownPalette = Self.palette(flags, at: offset + 10)
    palette = ownPalette.isEmpty ? screenPalette : ownPalette
    pixelOffset = ownPalette.upperBound
    guard !palette.isEmpty, pixelOffset < bytes.count else {
      throw ImageError("is damaged or cut off: its first frame has no colors")
    }
    guard left + frameWidth <= width, top + frameHeight <= height, frameWidth > 0, frameHeight > 0 else {
      throw ImageError("is damaged: its first frame of \(frameWidth)×\(frameHeight) pixels reaches beyond the screen")
    }
    frame = (left, top, ImageSize(width: frameWidth, height: frameHeight))
    isInterlaced = flags & 0x40 != 0
    background = transparent ?? Int(bytes[11])
    // A code has at least 3 bits and represents at most 4096 pixels.
    header = try ImageHeader(
      .gif, width: width, height: height, orientation: .upright,
      mostPixels: (bytes.count - pixelOffset) * 8 / 3 * 4096)
  }

  private static func palette(_ flags: UInt8, at offset: Int) -> Range<Int> {
    offset..<offset + (flags & 0x80 != 0 ? 3 << (Int(flags & 7) + 1) : 0)
  }
}

/// A decoder of the first frame of GIF images; transparent pixels get their palette color.
enum GIFDecoder {
  /// Decodes the pixels of an image whose blocks were already read.
  ///
  /// - Throws: ``ImageError`` if pixels are missing or the compressed data contain an invalid code.
  static func decode(_ bytes: Span<UInt8>, _ blocks: GIFBlocks) throws(ImageError) -> RGBImage {
    let size = blocks.header.storedSize
    let frame = blocks.frame
    let indices = try LZWDecoder.indices(
      pixelData(bytes, blocks), minimumCodeSize: Int(bytes[blocks.pixelOffset]), count: frame.size.pixelCount)
    func color(_ index: Int) -> [UInt8] {
      let place = blocks.palette.lowerBound + 3 * index
      return index >= 0 && place + 3 <= blocks.palette.upperBound
        ? [bytes[place], bytes[place + 1], bytes[place + 2]] : [0, 0, 0]
    }
    let colors = (0..<256).map(color)
    let outside = colors[blocks.background]
    var samples = [UInt8](repeating: 0, count: 3 * size.pixelCount)
    if frame.size != size {
      for index in samples.indices {
        samples[index] = outside[index % 3]
      }
    }
    for (line, row) in rowOrder(frame.size.height, isInterlaced: blocks.isInterlaced).enumerated() {
      for column in 0..<frame.size.width {
        let target = 3 * ((frame.top + row) * size.width + frame.left + column)
        let color = colors[Int(indices[line * frame.size.width + column])]
        for channel in 0..<3 {
          samples[target + channel] = color[channel]
        }
      }
    }
    return RGBImage(width: size.width, height: size.height, samples: samples)
  }

  /// Returns the concatenated bytes of all blocks of compressed pixels.
  private static func pixelData(_ bytes: Span<UInt8>, _ blocks: GIFBlocks) -> [UInt8] {
    var data: [UInt8] = []
    var offset = blocks.pixelOffset + 1
    while offset < bytes.count, bytes[offset] > 0 {
      for index in offset + 1..<min(offset + 1 + Int(bytes[offset]), bytes.count) {
        data.append(bytes[index])
      }
      offset += 1 + Int(bytes[offset])
    }
    return data
  }

  /// Returns the row number of each stored line; interlaced images store their rows in four passes.
  private static func rowOrder(_ height: Int, isInterlaced: Bool) -> [Int] {
    guard isInterlaced else { return Array(0..<height) }
    return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { start, step in Array(stride(from: start, to: height, by: step)) }
  }
}
