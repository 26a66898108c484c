/// The conversion of gray PNG images of 16 bits to 8.
///
/// Images with several channels of 16 bits always keep the high byte.
public enum SixteenBit: String, Sendable, CaseIterable {
  /// Keeps the high byte: 0…65535 become 0…255.
  case scale
  /// Makes every level above 255 white, as Pillow's `convert("RGB")`: for files that hold 8 bits in samples of 16.
  case clip
}
