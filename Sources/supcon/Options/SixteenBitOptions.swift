import ArgumentParser

/// The option for 16-bit gray images.
struct SixteenBitOptions: OptionArguments {
  @Option("sixteen-bit") var sixteenBit: String?
}
