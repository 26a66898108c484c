import Kernels
import Testing

/// The limit of the paths.
struct PathLimitTests {
  // A limit holds for a process: each test that sets one runs in its own.

  @Test func `Without a limit the best path is the CPU's`() async {
    await #expect(processExitsWith: .success) {
      #expect(kernels_best_path() == kernels_cpu_path())
    }
  }

  @Test func `A limit lowers the best path and leaves the CPU's`() async {
    await #expect(processExitsWith: .success) {
      let offered = kernels_cpu_path()
      for limit in [KERNEL_PATH_AVX512_BFLOAT16_MAPS, KERNEL_PATH_AVX512, KERNEL_PATH_AVX2, KERNEL_PATH_BASELINE] {
        kernels_limit(limit)
        #expect(kernels_best_path().rawValue == min(limit.rawValue, offered.rawValue))
      }
      #expect(kernels_cpu_path() == offered)
    }
  }
}
