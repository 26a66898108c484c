import CMPI

/// The MPI library that this process has loaded.
public struct MPILibrary: Sendable, Equatable {
  /// The groups of MPI libraries that share a binary interface and a launcher.
  public enum Family: String, Sendable, Codable {
    /// Open MPI.
    case openMPI = "Open MPI"
    /// MPICH and libraries with the same binary interface, such as Intel MPI and Cray MPICH.
    case mpich = "MPICH"
  }

  /// The family that the program was compiled for.
  public let family: Family
  /// The library's name and version, such as `Open MPI 4.1.4`.
  public let name: String
  /// The major version; `nil` if the library's version text contains none.
  public let majorVersion: Int?

  /// Parses the library's version text.
  ///
  /// - Parameters:
  ///   - family: The family that the program was compiled for.
  ///   - text: The text of `MPI_Get_library_version`.
  package init(family: Family, text: String) {
    self.family = family
    // "Open MPI v4.1.4, package: …"; "MPICH Version:\t4.0.2\nMPICH Release date: …"; "Intel(R) MPI Library 2021.10 for
    // Linux…".
    let words = text.prefix { letter in letter != "\n" && letter != "," }.split(whereSeparator: \.isWhitespace)
    let number = words.firstIndex { word in
      word.first?.isNumber == true || (word.first == "v" && word.dropFirst().first?.isNumber == true)
    }
    guard let number else {
      (name, majorVersion) = (words.isEmpty ? family.rawValue : words.joined(separator: " "), nil)
      return
    }
    let version = words[number].drop { letter in letter == "v" }
    let title = words[..<number].filter { word in !word.lowercased().hasPrefix("version") }.joined(separator: " ")
    name = "\(title.isEmpty ? family.rawValue : title) \(version)"
    majorVersion = Int(version.prefix { letter in letter.isNumber })
  }

  /// The loaded library, which is loaded now if it is not yet; its family alone if it cannot be.
  public static let loaded = MPILibrary(
    family: cmpi_is_open_mpi() == 1 ? .openMPI : .mpich,
    // int MPI_Get_library_version(char *version, int *resultlen)
    text: unsafe libraryText { text, length in unsafe cmpi_get_library_version(text, &length) })

  /// The reason why no library can be loaded, in the words of the system's loader; `nil` if it is loaded.
  public static var loadProblem: String? {
    let reason = unsafe String(cString: cmpi_load())
    return reason.isEmpty ? nil : reason
  }

  /// True if this process has ranks to talk to, or if an MPI library was loaded before it began, as with a profiler.
  ///
  /// A process without either is the only rank, and never loads a library to compute.
  public static let isNeeded = Launcher.current.isPresent || cmpi_is_in_process() == 1

  /// The version of the MPI headers that the program was compiled with, such as `Open MPI 4.1.4`.
  public static let compiled =
    (cmpi_is_open_mpi() == 1 ? Family.openMPI : .mpich).rawValue
    + " \(cmpi_compiled_major()).\(cmpi_compiled_minor()).\(cmpi_compiled_release())"
}
