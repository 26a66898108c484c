import MPI
import OneDNN

/// The comparison of the libraries that this process has loaded with those that it was compiled for.
///
/// oneDNN, the codecs and the other libraries that the program is linked with are the affair of the loader, before it
/// begins: `scripts/launch.sh` translates the loader's message. MPI is loaded by the program itself.
package enum LoadedLibraries {
  /// The reason why a library of this process is too old, with the remedy; `nil` if none is.
  package static var problem: String? {
    oneDNNProblem(loaded: .loaded, compiled: .compiled) ?? (MPILibrary.isNeeded ? mpiProblem : nil)
  }

  private static var mpiProblem: String? {
    let compiled = MPILibrary(family: MPILibrary.loaded.family, text: MPILibrary.compiled)
    return MPILibrary.loadProblem.map { reason in missingMPI(compiled: compiled, reason: reason) }
      ?? mpiProblem(loaded: .loaded, compiled: compiled)
  }

  /// Returns the error message for an MPI library that cannot be loaded.
  ///
  /// - Parameters:
  ///   - compiled: The library that the program was compiled for.
  ///   - reason: The words of the loader, which name the file.
  /// - Returns: A message with the reason, the version and the package to install.
  package static func missingMPI(compiled: MPILibrary, reason: String) -> String {
    let (needed, package) = oldest(compiled: compiled)
    return
      "the MPI library cannot be loaded: \(reason); supcon was compiled for \(compiled.name): install \(compiled.family.rawValue) \(needed) or later (Debian, Ubuntu: \(package)) on all hosts, or name a library with its interface with SUPCON_MPI_LIBRARY=FILE"
  }

  /// The oldest major version of an MPI library that can run the program, and Debian's package of it.
  private static func oldest(compiled: MPILibrary) -> (major: Int, package: String) {
    switch compiled.family {
    case .openMPI: (max(compiled.majorVersion ?? oldestOpenMPI, oldestOpenMPI), "openmpi-bin")
    case .mpich: (oldestMPICH, "mpich")
    }
  }

  /// Compares versions of oneDNN: a library with a lower minor version may lack functions that are called.
  package static func oneDNNProblem(loaded: LibraryVersion?, compiled: LibraryVersion) -> String? {
    guard let loaded, (loaded.major, loaded.minor) < (compiled.major, compiled.minor) else { return nil }
    let needed = "\(compiled.major).\(compiled.minor)"
    return
      "oneDNN \(loaded) is loaded, older than the \(compiled) that supcon was compiled for; install oneDNN \(needed) or later (Debian, Ubuntu: libdnnl\(compiled.major)), see that LD_LIBRARY_PATH leads to no older one, or build supcon on this host"
  }

  /// Compares versions of an MPI library: Open MPI runs programs that were compiled for an earlier major version, not
  /// for a later one; the libraries with MPICH's interface run each other's programs from MPICH 3.2 on.
  package static func mpiProblem(loaded: MPILibrary, compiled: MPILibrary) -> String? {
    guard loaded.name.hasPrefix(loaded.family.rawValue), let major = loaded.majorVersion else { return nil }
    let (needed, package) = oldest(compiled: compiled)
    guard major < needed else { return nil }
    return
      "\(loaded.name) is loaded, too old for supcon, which was compiled for \(compiled.name); install \(loaded.family.rawValue) \(needed) or later (Debian, Ubuntu: \(package)) on all hosts, see that LD_LIBRARY_PATH leads to no older one, or build supcon on this host"
  }

  private static let oldestOpenMPI = 4
  private static let oldestMPICH = 3
}
