import CImageCodecs

extension RGBImage {
  /// Encodes the image as a JPEG file as Pillow does: accurate cosine transform, colors at half the resolution (4:2:0).
  ///
  /// - Parameter quality: The JPEG quality, from 1 to 100.
  /// - Returns: The whole file.
  /// - Throws: ``ImageError`` with libjpeg-turbo's message.
  public func jpegBytes(quality: Int) throws(ImageError) -> [UInt8] {
    guard let handle = unsafe tjInitCompress() else {
      throw ImageError("cannot be written as JPEG: libjpeg-turbo does not start")
    }
    defer { unsafe tjDestroy(handle) }
    let subsampling = Int32(TJSAMP_420.rawValue)
    let capacity = Int(tjBufSize(Int32(width), Int32(height), subsampling))
    var isWritten = false
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      var (address, written) = (buffer.baseAddress, UInt(capacity))
      let status = unsafe tjCompress2(
        handle, samples, Int32(width), 0, Int32(height), Int32(TJPF_RGB.rawValue), &address, &written, subsampling,
        Int32(quality), TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC)
      isWritten = status == 0
      count = isWritten ? Int(written) : 0
    }
    guard isWritten else {
      let reason = unsafe tjGetErrorStr2(handle).map { text in unsafe String(cString: text) }
      throw ImageError("cannot be written as JPEG: \(reason ?? "no reason given")")
    }
    return bytes
  }
}
