import Kernels
import NeuralNet
import OneDNN
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
      #expect(kernels_best_path().rawValue <= level.kernelPath.rawValue)
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

  @Test func `Names are those of the levels and auto`() throws {
    #expect(try InstructionSet.level(named: "auto") == nil)
    #expect(try InstructionSet.level(named: "avx512-bf16") == .avx512BFloat16)
    #expect(throws: InstructionSetError.unknownName("AVX2")) { try InstructionSet.level(named: "AVX2") }
    #expect(InstructionSet.names == ["auto", "avx512-amx", "avx512-bf16", "avx512", "avx2", "baseline"])
  }
}
