/// The command-line options of mpirun or mpiexec that messages to the user recommend, for the loaded MPI library.
///
/// | | Open MPI 4 (ORTE) | Open MPI 5 (PRRTE) | MPICH, Intel MPI (Hydra) |
/// |---|---|---|---|
/// | network between hosts | `--mca oob_tcp_if_include` | `--prtemca prte_if_include` | `-iface` |
/// | dead link | waits for ever by default | ends after minutes | ends |
public struct LauncherOptions: Sendable {
  private let library: MPILibrary

  /// The options for the loaded library's launcher.
  public static let current = LauncherOptions(of: .loaded)

  /// Creates the options for a library's launcher.
  package init(of library: MPILibrary) {
    self.library = library
  }

  private var isPRRTE: Bool { library.family == .openMPI && (library.majorVersion ?? 4) >= 5 }

  /// Returns the options that restrict communication to one network.
  ///
  /// - Parameters:
  ///   - network: The network with its prefix length, such as `10.0.0.0/24`.
  ///   - interface: The network interface, such as `eth0`.
  /// - Returns: The options as text.
  public func network(_ network: String, _ interface: String) -> String {
    switch library.family {
    case .openMPI:
      "--mca btl_tcp_if_include \(network) "
        + (isPRRTE ? "--prtemca prte_if_include \(network)" : "--mca oob_tcp_if_include \(network)")
    case .mpich: "-iface \(interface)"
    }
  }

  /// Returns text with two options: for no binding to cores, and for binding each rank to `threads` cores.
  public func binding(threads: Int) -> String {
    switch library.family {
    case .openMPI: "--bind-to none, or --map-by slot:PE=\(threads) --bind-to core"
    case .mpich: "-bind-to none, or -bind-to core:\(threads)"
    }
  }

  /// The options that end the job soon after a host has become unreachable; `nil` if the launcher does so by default.
  public var keepalive: String? {
    guard library.family == .openMPI, !isPRRTE else { return nil }
    return "--mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3"
  }

  /// The options that prevent the shared-memory transport from reading another process's memory; `nil` if it never
  /// does.
  public var withoutSingleCopies: String? {
    guard library.family == .openMPI else { return nil }
    return isPRRTE ? "--mca smsc ^cma" : "--mca btl_vader_single_copy_mechanism none"
  }

  /// Returns true if the environment of a rank disables single-copy transfers.
  ///
  /// - Parameter value: Returns the value of an environment variable.
  /// - Returns: True if the transport does not read other processes' memory.
  public func hasSingleCopiesOff(_ value: (String) -> String?) -> Bool {
    guard library.family == .openMPI else { return true }
    if isPRRTE {
      guard let components = value("OMPI_MCA_smsc") else { return false }
      return components.hasPrefix("^") == components.contains("cma")
    }
    return value("OMPI_MCA_btl_vader_single_copy_mechanism").map { mechanism in mechanism != "cma" } ?? false
  }
}
