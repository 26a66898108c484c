import OneDNN
import Testing

/// The levels of vector instructions, and limits of oneDNN to one of them.
struct InstructionSetTests {
  @Test(
    "Levels are the bits of oneDNN's value that are set, whatever other bits are",
    arguments: [
      (0x1, .baseline), (0x3, .baseline), (0x7, .avx2), (0xf, .avx2), (0x407, .avx2), (0x27, .avx512), (0x67, .avx512),
      (0xe7, .avx512BFloat16), (0x1ef, .avx512BFloat16), (0xfef, .avx512AMX), (0x1fef, .avx512AMX),
    ] as [(UInt32, InstructionSet)])
  func levelsOfFeatures(features: UInt32, level: InstructionSet) {
    #expect(InstructionSet(features: features) == level)
  }

  #if arch(x86_64)
    @Test func `A CPU without SSE4.1 has no level`() {
      #expect(InstructionSet(features: 0) == nil)
    }
  #endif

  @Test func `Levels are ordered by inclusion`() {
    #expect(InstructionSet.allCases == InstructionSet.allCases.sorted())
    #expect(InstructionSet.baseline < .avx2 && .avx512 < .avx512BFloat16 && .avx512BFloat16 < .avx512AMX)
  }

  // Limits hold for a process: each test that sets one runs in its own.

  @Test(.enabled(if: offers(.avx512), "this CPU has no AVX-512"))
  func `A limit lowers the effective level`() async {
    await #expect(processExitsWith: .success) {
      #expect(InstructionSet.avx2.limitPrimitives())
      #expect(InstructionSet.effective == .avx2)
      #expect(!InstructionSet.hasBfloat16)
    }
  }

  @Test func `A limit after the first use is refused`() async {
    await #expect(processExitsWith: .success) {
      _ = InstructionSet.effective
      #expect(!InstructionSet.baseline.limitPrimitives())
    }
  }

  @Test(.enabled(if: offers(.avx512), "this CPU has no AVX-512"))
  func `Asking for what a limit offers leaves the limit open`() async {
    await #expect(processExitsWith: .success) {
      let limited = InstructionSet.offeredFeatures(below: .avx2) ?? 0
      #expect(InstructionSet(features: limited) == .avx2)
      let all = InstructionSet.offeredFeatures(below: nil)
      #expect(InstructionSet.avx2.limitPrimitives())
      #expect(InstructionSet.effective == .avx2)
      #expect(all != InstructionSet.effectiveFeatures)
    }
    await #expect(processExitsWith: .success) {
      let all = InstructionSet.offeredFeatures(below: nil)
      #expect(all == InstructionSet.effectiveFeatures)
    }
  }

  @Test func `A oneDNN whose limit is fixed offers nothing below another one`() async {
    await #expect(processExitsWith: .success) {
      _ = InstructionSet.effective
      #expect(InstructionSet.offeredFeatures(below: .baseline) == 0)
    }
  }
}

/// True if the CPU offers a level.
func offers(_ level: InstructionSet) -> Bool { (InstructionSet.effective ?? .baseline) >= level }
