import OneDNN
import Processor
import Testing

/// The rule of `--precision auto`.
struct PrecisionChoiceTests {
  private static let narrow = [16, 32, 64]
  private static let wide = [64, 128, 256, 512]

  private func choice(
    _ vendor: CPUFeatures.Vendor, _ level: InstructionSet, _ widths: [Int]
  ) -> Precision {
    Precision.faster(forWidths: widths, on: CPUFeatures(vendor: vendor, instructionSet: level)).precision
  }

  @Test(arguments: [InstructionSet.baseline, .avx2, .avx512])
  func `Without products of bfloat16 it is float32`(level: InstructionSet) {
    for vendor in [CPUFeatures.Vendor.intel, .amd, .other] {
      #expect(choice(vendor, level, Self.narrow) == .float32)
      #expect(choice(vendor, level, Self.wide) == .float32)
    }
  }

  @Test func `With AMX it is bfloat16`() {
    #expect(choice(.intel, .avx512AMX, Self.narrow) == .bfloat16)
    #expect(choice(.intel, .avx512AMX, Self.wide) == .bfloat16)
  }

  @Test func `With bfloat16 feature maps it is bfloat16`() {
    for vendor in [CPUFeatures.Vendor.intel, .amd, .other] {
      #expect(choice(vendor, .avx512BFloat16Maps, Self.narrow) == .bfloat16)
      #expect(choice(vendor, .avx512BFloat16Maps, Self.wide) == .bfloat16)
    }
  }

  @Test func `On Intel without AMX only narrow encoders multiply in bfloat16`() {
    #expect(choice(.intel, .avx512BFloat16, Self.narrow) == .bfloat16)
    #expect(choice(.intel, .avx512BFloat16, Self.wide) == .float32)
  }

  @Test func `The reason names what decided`() {
    let cpu = CPUFeatures(vendor: .intel, instructionSet: .avx512BFloat16)
    #expect(Precision.faster(forWidths: Self.wide, on: cpu).reason.contains("512 channels"))
  }
}
