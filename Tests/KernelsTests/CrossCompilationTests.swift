import Foundation
import TestSupport
import Testing

/// The kernels on CPUs that this machine is not.
@Suite struct CrossCompilationTests {
  private static let hasHeaders = FileManager.default.fileExists(atPath: "/usr/aarch64-linux-gnu/include/stdint.h")

  @Test(.enabled(if: hasHeaders, "Debian's libc6-dev-arm64-cross is not installed"))
  func `the kernels compile for aarch64 without a warning`() async throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../scripts/check-aarch64.sh").standardized.path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: script)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
  }
}
