import CBuild
import Configuration
import MPI
import OneDNN

/// The text of `supcon --version`: everything that determines the bits of a program's results.
///
///     supcon 0.2.0
///     commit        602d31a
///     compilers     Swift 6.3, clang 21.0.0
///     MPI           Open MPI 4.1.4
///     oneDNN        2.6.3
///     instructions  AVX512-BF16 in oneDNN, avx512-bf16 in kernels
package var supconVersionText: String {
  let commit = unsafe String(cString: cbuild_commit())
  let clang = unsafe String(cString: cbuild_c_compiler())
  let mpi = MPILibrary.loadProblem.map { reason in "not found: \(reason)" } ?? MPILibrary.loaded.name
  return """
    supcon \(supconVersion)
    commit        \(commit.isEmpty ? "unknown (built without SUPCON_COMMIT)" : commit)
    compilers     Swift \(swiftVersion), \(clang.split(separator: "(").first.map { text in text.trimmedSpaces } ?? clang)
    MPI           \(mpi)\(mpi == MPILibrary.compiled ? "" : ", compiled for \(MPILibrary.compiled)")
    oneDNN        \(oneDNNVersion)
    instructions  \(RankFacts.ownInstructions)
    """
}

#if compiler(>=6.5)
  private let swiftVersion = "6.5 or later"
#elseif compiler(>=6.4)
  private let swiftVersion = "6.4"
#elseif compiler(>=6.3)
  private let swiftVersion = "6.3"
#else
  private let swiftVersion = "6.2"
#endif

extension Substring {
  /// The substring without spaces at both ends.
  fileprivate var trimmedSpaces: String {
    String(drop { letter in letter == " " }.reversed().drop { letter in letter == " " }.reversed())
  }
}
