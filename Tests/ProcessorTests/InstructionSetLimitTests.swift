import Kernels
import OneDNN
import Processor
import Testing

/// One limit for oneDNN and our loops.
struct InstructionSetLimitTests {
  @Test func `One limit holds for primitives and kernels`() async {
    await #expect(processExitsWith: .success) {
      let level = try InstructionSet.limit(to: .baseline)
      #expect(level == .baseline)
      #expect(InstructionSet.effective == .baseline)
      #expect(kernels_best_path() == KERNEL_PATH_BASELINE)
    }
  }

  @Test func `Without a limit kernels follow oneDNN`() async {
    await #expect(processExitsWith: .success) {
      let level = try InstructionSet.limit(to: nil)
      #expect(kernels_best_path().rawValue == min(kernels_cpu_path().rawValue, level.kernelPath.rawValue))
    }
  }

  @Test func `A level that the CPU does not offer is refused with the highest`() async {
    await #expect(processExitsWith: .success) {
      do throws(InstructionSetError) {
        let level = try InstructionSet.limit(to: .avx512AMX)
        #expect(level == .avx512AMX)
      } catch {
        guard let highest = InstructionSet.effective else { return }
        #expect(error == .notOffered(.avx512AMX, highest: highest))
        #expect("\(error)".hasSuffix("choose \(highest.rawValue) or less"))
      }
    }
  }

  /// The feature bits of an AVX-512 CPU without bfloat16, of one with it, and of one with AMX.
  @Test func `Only an Intel CPU without AMX takes bfloat16 maps by itself`() {
    let isIntel = CPUFeatures.current.vendor == .intel
    #expect(InstructionSet.fastest(ofFeatures: 0x67, below: nil) == .avx512)
    #expect(InstructionSet.fastest(ofFeatures: 0xe7, below: nil) == (isIntel ? .avx512BFloat16Maps : .avx512BFloat16))
    #expect(InstructionSet.fastest(ofFeatures: 0xe7, below: .avx512BFloat16) == .avx512BFloat16)
    #expect(InstructionSet.fastest(ofFeatures: 0xe7, below: .avx512BFloat16Maps) == .avx512BFloat16Maps)
    #expect(InstructionSet.fastest(ofFeatures: 0xfef, below: nil) == .avx512AMX)
    #expect(InstructionSet.fastest(ofFeatures: 0, below: nil) == (InstructionSet(features: 0)))
  }

  @Test(.enabled(if: kernels_cpu_path() == KERNEL_PATH_AVX512_BFLOAT16, "this CPU has no such instructions"))
  func `Under the limit to bfloat16 maps kernels multiply in float32`() async {
    await #expect(processExitsWith: .success) {
      let level = try InstructionSet.limit(to: .avx512BFloat16Maps)
      #expect(level == .avx512BFloat16Maps)
      #expect(InstructionSet.effective == .avx512BFloat16Maps)
      #expect(InstructionSet.hasBfloat16 && !InstructionSet.hasTiles)
      #expect(kernels_best_path() == KERNEL_PATH_AVX512_BFLOAT16_MAPS)
    }
  }

  @Test func `Names are those of the levels and auto`() throws {
    #expect(try InstructionSet.level(named: "auto") == nil)
    #expect(try InstructionSet.level(named: "avx512-bf16") == .avx512BFloat16)
    #expect(throws: InstructionSetError.unknownName("AVX2")) { try InstructionSet.level(named: "AVX2") }
    #expect(
      InstructionSet.names == ["auto", "avx512-amx", "avx512-bf16", "avx512-bf16-maps", "avx512", "avx2", "baseline"])
  }
}
