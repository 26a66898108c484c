import ArgumentParser

/// The option of gray images of 16 bits.
struct SixteenBitOptions: OptionArguments {
  @Option("sixteen-bit") var sixteenBit: String?
}
