import CLibcrypto

/// An incremental computation of a SHA-256 digest (FIPS 180-4) with libcrypto.
@safe
public struct SHA256: ~Copyable {
  private let context: OpaquePointer

  /// Begins the computation of a digest.
  public init() {
    guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("libcrypto has no SHA-256 to give; is it installed whole?")
    }
    unsafe self.context = context
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  /// Appends bytes to the hashed stream.
  public func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { bytes in
      guard unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
        fatalError("libcrypto failed to hash \(bytes.count) bytes")
      }
    }
  }

  /// Returns the digest's 32 bytes.
  public consuming func finalize() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    guard unsafe EVP_DigestFinal_ex(context, &digest, nil) == 1 else {
      fatalError("libcrypto failed to finish a digest")
    }
    return digest
  }

  /// Returns the digest of bytes as hexadecimal digits.
  public static func hexadecimalDigest(of bytes: [UInt8]) -> String {
    let digest = SHA256()
    unsafe digest.update(bytes.span.bytes)
    return hexadecimal(digest.finalize())
  }

  /// Returns bytes as lower-case hexadecimal digits.
  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
