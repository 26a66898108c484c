/// A decoder of GIF's LZW compression (GIF89a, appendix F): codes of increasing length, lowest bit first.
enum LZWDecoder {
  /// Decodes palette indices.
  ///
  /// - Parameters:
  ///   - data: The compressed bytes.
  ///   - minimumCodeSize: The number of bits of a palette index.
  ///   - count: The number of indices to decode; further codes are ignored.
  /// - Returns: The palette indices.
  /// - Throws: ``ImageError`` if there are fewer indices, or a code is not in the table.
  static func indices(_ data: [UInt8], minimumCodeSize: Int, count: Int) throws(ImageError) -> [UInt8] {
    guard (1...8).contains(minimumCodeSize) else {
      throw ImageError("is damaged: it has indices of \(minimumCodeSize) bits")
    }
    let clear = 1 << minimumCodeSize
    // The string of each code is that of its prefix followed by one more index.
    var prefixes = [Int16](repeating: -1, count: 4096)
    var suffixes = (0..<4096).map { code in UInt8(truncatingIfNeeded: code) }
    var firsts = suffixes
    var result: [UInt8] = []
    result.reserveCapacity(count)
    var reversed: [UInt8] = []
    var (width, next, previous) = (minimumCodeSize + 1, clear + 2, -1)
    var (bits, bitCount, place) = (0, 0, 0)
    while result.count < count {
      while bitCount < width {
        guard place < data.count else { throw ImageError("is cut off in its pixels; is the file complete?") }
        bits |= Int(data[place]) << bitCount
        (bitCount, place) = (bitCount + 8, place + 1)
      }
      let code = bits & (1 << width - 1)
      bits >>= width
      bitCount -= width
      if code == clear {
        (width, next, previous) = (minimumCodeSize + 1, clear + 2, -1)
        continue
      }
      guard code != clear + 1 else { throw ImageError("is cut off: its pixels end early") }
      guard code < next || (code == next && previous >= 0), previous >= 0 || code < clear else {
        throw ImageError("is damaged: a code of its pixels is not in the table")
      }
      if previous >= 0, next < 4096 {
        prefixes[next] = Int16(previous)
        firsts[next] = firsts[previous]
        suffixes[next] = firsts[code == next ? previous : code]
        next += 1
        if next == 1 << width, width < 12 {
          width += 1
        }
      }
      reversed.removeAll(keepingCapacity: true)
      var link = code
      while link >= 0 {
        reversed.append(suffixes[link])
        link = link < clear ? -1 : Int(prefixes[link])
      }
      result.append(contentsOf: reversed.reversed().prefix(count - result.count))
      previous = code
    }
    return result
  }
}
