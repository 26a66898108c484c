import MPI
import OneDNN

/// The comparison of the libraries that this process has loaded with those that it was compiled for.
///
/// A library that is missing, or whose file has another interface number (SONAME), is the loader's affair, before the
/// program begins: `scripts/launch.sh` translates its message.
package enum LoadedLibraries {
  /// The reason why a library of this process is too old, with the remedy; `nil` if none is.
  package static var problem: String? {
    oneDNNProblem(loaded: .loaded, compiled: .compiled)
      ?? mpiProblem(loaded: .loaded, compiled: MPILibrary(family: MPILibrary.loaded.family, text: MPILibrary.compiled))
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
    let (needed, package): (Int, String) =
      switch loaded.family {
      case .openMPI: (max(compiled.majorVersion ?? oldestOpenMPI, oldestOpenMPI), "openmpi-bin")
      case .mpich: (oldestMPICH, "mpich")
      }
    guard major < needed else { return nil }
    return
      "\(loaded.name) is loaded, too old for supcon, which was compiled for \(compiled.name); install \(loaded.family.rawValue) \(needed) or later (Debian, Ubuntu: \(package)) on all hosts, see that LD_LIBRARY_PATH leads to no older one, or build supcon on this host"
  }

  private static let oldestOpenMPI = 4
  private static let oldestMPICH = 3
}
