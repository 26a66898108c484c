/// The conversion of 16-bit gray PNG images to 8 bits.
///
/// Color images of 16 bits per channel always keep the high byte.
public enum SixteenBit: String, Sendable, CaseIterable {
  /// Keeps the high byte, so that 0…65535 becomes 0…255.
  case scale
  /// Clips values above 255 to 255, as Pillow's `convert("RGB")` does; suits files that store 8-bit values in 16 bits.
  case clip
}
