import Configuration
import Formats
import FoundationEssentials
import Glibc
import Kernels
import MPI
import NeuralNet
import OneDNN
import Runs
import Watchdog

/// The facts about one rank and its host that the launch checks compare.
package struct RankFacts: Codable, Equatable {
  package var rank: Int
  var host: String
  var process: Int
  /// The SHA-256 of the program's executable file.
  package var program: String
  /// The versions of the MPI library and of oneDNN that the rank has loaded.
  var libraries: String
  /// The command-line arguments, without the program's name.
  var arguments: [String]
  /// The instruction sets that oneDNN and the C kernels use, and the CPU's name.
  package var instructions: String
  /// The instruction set that the rank would use if it were alone, as a value of `--isa`.
  var offeredInstructionSet: String
  package var cpu: String
  /// The number of threads that the options request.
  package var threads: Int
  /// The numbers of the CPUs that the rank may run on, out of the host's ``processors``.
  package var allowedProcessors: Set<Int>
  package var processors: Int
  /// The memory available on the host in bytes; `nil` if the system does not report it.
  package var availableBytes: Int?
  /// The memory that the rank will need in bytes; `nil` if unknown.
  package var neededBytes: Int?
  /// The Open MPI parameters that mpirun passes to its ranks.
  package var settings: [String: String]
  /// The network interfaces of the host, without loopback.
  package var networks: [Network]
  /// True if the kernel forbids reading the memory of another rank on the host, by which Open MPI transfers large
  /// messages.
  var singleCopyRefused: Bool
  /// The limits imposed by containers, shells and environment variables.
  package var limits = HostLimits()
  /// The time of day on the host in seconds since 1970, taken on all ranks at about the same moment.
  package var unixTime: Double?

  /// The names of the Open MPI parameters for connections between hosts.
  private static let networkSettings = ["btl_tcp_if_include", "btl_tcp_if_exclude", "oob_tcp_keepalive_time"]

  package struct Network: Codable, Equatable {
    package var interface: String
    var address: String
    package var network: String
  }

  /// The needed and available memory; `nil` unless both are known.
  var memory: LaunchChecks.MemoryFacts? {
    guard let neededBytes, let availableBytes else { return nil }
    return LaunchChecks.MemoryFacts(host: host, neededBytes: neededBytes, availableBytes: availableBytes)
  }

  var name: String { "rank \(rank) on host \(host)" }

  /// True if the rank has more threads than CPUs that it may run on, while its host has others.
  var isTied: Bool { allowedProcessors.count < min(threads, processors) }

  static var ownInstructions: String {
    unsafe "\((InstructionSet.effective ?? .baseline).name) in oneDNN, \(String(cString: kernels_name(kernels_best_path()))) in kernels"
  }
}

extension RankFacts {
  /// Collects the properties of this rank that launch checks compare: host, program, CPU, memory and networks.
  ///
  /// Collective: ranks of a host try to read each other's memory, as MPI does for direct copies.
  ///
  /// - Parameters:
  ///   - threads: The number of compute threads of the rank.
  ///   - neededBytes: The estimated memory of the rank; `nil` if it is unknown.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError``, or `MPIError` if the ranks cannot exchange their properties.
  package init(threads: Int, neededBytes: Int?, over world: borrowing Communicator) throws {
    let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let host = hostName()
    self.init(
      rank: world.rank, host: host, process: Int(getpid()),
      program: world.size == 1 ? "" : try world.throwingTogether { try SHA256.hexadecimal(ofFile: "/proc/self/exe") },
      libraries: (MPILibrary.isNeeded ? "\(MPILibrary.loaded.name) and " : "") + "oneDNN \(oneDNNVersion)",
      arguments: Array(CommandLine.arguments.dropFirst()), instructions: Self.ownInstructions,
      offeredInstructionSet: InstructionSetAgreement.offered.rawValue,
      cpu: ProcessMeasurements.cpuName(), threads: threads,
      allowedProcessors: ProcessMeasurements.allowedProcessors() ?? Set(0..<processors), processors: processors,
      availableBytes: ProcessMeasurements.availableByteCount(), neededBytes: neededBytes,
      settings: Self.networkSettings.reduce(into: [:]) { settings, name in
        settings[name] = environmentValue("OMPI_MCA_\(name)")
      },
      networks: InterfaceAddress.all().filter { address in !address.isLoopback }.map { address in
        Network(interface: address.interface, address: address.address, network: address.network)
      },
      singleCopyRefused: try world.isRefusedSingleCopies(), limits: .current)
    // The ranks have just waited for each other.
    unixTime = Date.now.timeIntervalSince1970
  }

  /// Gathers the facts of all ranks, in rank order.
  ///
  /// Collective.
  package func gathered(over world: borrowing Communicator) throws -> [RankFacts] {
    try world.allGather(value: self)
  }
}

extension Communicator {
  /// Returns true if the kernel forbids this rank to read the memory of a neighbor on its host, as in containers.
  ///
  /// Collective.
  fileprivate func isRefusedSingleCopies() throws -> Bool {
    let probe = MemoryProbe()
    let host = hostName().utf8.reduce(5381) { hash, byte in hash &* 33 &+ Int64(byte) }
    let own = [Int64(getpid()), probe.address, host]
    var all = [Int64](repeating: 0, count: size * own.count)
    try allGather(own.span, into: &all)
    let places = (1..<max(size, 1)).map { distance in 3 * ((rank + distance) % size) }
    let neighbor = places.first { place in all[place + 2] == own[2] }
    let isRefused =
      neighbor.map { place in
        !LauncherOptions.current.hasSingleCopiesOff(environmentValue)
          && MemoryProbe.isRefused(process: all[place], address: all[place + 1])
      } ?? false
    // Each probe must outlive its neighbor's attempt to read it.
    try barrier()
    withExtendedLifetime(probe) {}
    return isRefused
  }
}

extension SHA256 {
  /// Computes the digest of a file, in hexadecimal digits.
  fileprivate static func hexadecimal(ofFile path: String) throws(FileError) -> String {
    let file = try ReadOnlyFile(path: path)
    let digest = SHA256()
    let pieceByteCount = 1 << 20
    for start in stride(from: 0, to: file.byteCount, by: pieceByteCount) {
      let bytes = try file.read(min(pieceByteCount, file.byteCount - start), at: start)
      unsafe digest.update(bytes.span.bytes)
    }
    return hexadecimal(digest.finalize())
  }
}
