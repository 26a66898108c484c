/// The conversion of 16-bit gray PNG images to 8 bits.
///
/// Of color images with 16 bits per channel, the high byte is always kept.
public enum SixteenBit: String, Sendable, CaseIterable {
  /// Keeps the high byte, so that 0…65535 becomes 0…255.
  case scale
  /// Clips values above 255 to 255, as Pillow's `convert("RGB")` does; suits files that store 8-bit values in 16 bits.
  case clip
}
