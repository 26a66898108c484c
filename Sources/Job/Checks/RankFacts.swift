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

/// What a rank can say of how it was started and where it runs.
package struct RankFacts: Codable, Equatable {
  package var rank: Int
  var host: String
  var process: Int
  /// SHA-256 of the program's file.
  package var program: String
  /// All that stands behind the program's name.
  var arguments: [String]
  /// The instruction sets that oneDNN and ``Kernels`` use, and the CPU's name.
  package var instructions: String
  /// The level of all its computation, by its name in `SUPCON_ISA`.
  var instructionSet: String
  package var cpu: String
  /// How many threads the options ask for.
  package var threads: Int
  /// How many processors the rank may run on, and how many the host has.
  package var allowedProcessors: Int
  package var processors: Int
  /// The memory that programs may still take on the host; absent where the system does not tell.
  package var availableBytes: Int?
  /// The memory that the rank will take, if that is known.
  package var neededBytes: Int?
  /// Open MPI's settings that were given to mpirun, as it passes them on.
  package var settings: [String: String]
  /// Its networks, without the loopback ones.
  package var networks: [Network]
  /// Whether the system refuses it the memory of a rank on the same host, from which Open MPI copies large messages.
  var singleCopyRefused: Bool

  /// The settings that say how hosts reach each other.
  private static let networkSettings = ["btl_tcp_if_include", "btl_tcp_if_exclude", "oob_tcp_keepalive_time"]

  package struct Network: Codable, Equatable {
    package var interface: String
    var address: String
    package var network: String
  }

  /// What it will take of the host's memory, if that is known.
  var memory: LaunchChecks.MemoryFacts? {
    guard let neededBytes, let availableBytes else { return nil }
    return LaunchChecks.MemoryFacts(host: host, neededBytes: neededBytes, availableBytes: availableBytes)
  }

  var name: String { "rank \(rank) on host \(host)" }

  static var ownInstructions: String {
    unsafe "\((InstructionSet.effective ?? .baseline).name) in oneDNN, \(String(cString: kernels_name(kernels_best_path()))) in kernels"
  }
}

extension RankFacts {
  /// This rank's.
  ///
  /// Collective: neighbors on a host try to read each other's memory.
  package init(threads: Int, neededBytes: Int?, over world: borrowing Communicator) throws {
    let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let host = hostName()
    self.init(
      rank: world.rank, host: host, process: Int(getpid()),
      program: world.size == 1 ? "" : try world.throwingTogether { try SHA256.hexadecimal(ofFile: "/proc/self/exe") },
      arguments: Array(CommandLine.arguments.dropFirst()), instructions: Self.ownInstructions,
      instructionSet: CPUFeatures.current.instructionSet.rawValue,
      cpu: ProcessMeasurements.cpuName(), threads: threads,
      allowedProcessors: ProcessMeasurements.allowedProcessorCount() ?? processors, processors: processors,
      availableBytes: ProcessMeasurements.availableByteCount(), neededBytes: neededBytes,
      settings: Self.networkSettings.reduce(into: [:]) { settings, name in
        settings[name] = environmentValue("OMPI_MCA_\(name)")
      },
      networks: InterfaceAddress.all().filter { address in !address.isLoopback }.map { address in
        Network(interface: address.interface, address: address.address, network: address.network)
      },
      singleCopyRefused: try world.isRefusedSingleCopies())
  }

  /// Everyone's, in rank order, on every rank.
  ///
  /// Collective.
  package func gathered(over world: borrowing Communicator) throws -> [RankFacts] {
    guard let data = try? JSONEncoder().encode(self) else { preconditionFailure("facts that are no JSON") }
    return try world.allGather(text: String(decoding: data, as: UTF8.self)).map { text in
      try JSONDecoder().decode(RankFacts.self, from: Data(text.utf8))
    }
  }
}

extension Communicator {
  /// Whether the kernel refuses this rank the memory of its neighbor on the same host, as containers do.
  ///
  /// Collective.
  fileprivate func isRefusedSingleCopies() throws -> Bool {
    let probe = MemoryProbe()
    let own = [
      Int64(getpid()), probe.address, numberOfHost,
    ]
    var all = [Int64](repeating: 0, count: size * own.count)
    try allGather(own.span, into: &all)
    let places = (1..<max(size, 1)).map { distance in 3 * ((rank + distance) % size) }
    let neighbor = places.first { place in all[place + 2] == own[2] }
    let isOff = LauncherOptions.current.hasSingleCopiesOff(environmentValue)
    let isRefused =
      neighbor.map { place in !isOff && MemoryProbe.isRefused(process: all[place], address: all[place + 1]) } ?? false
    // Nobody's probe goes before its neighbor has tried.
    try barrier()
    withExtendedLifetime(probe) {}
    return isRefused
  }
}

/// The value of a variable of the environment.
func environmentValue(_ name: String) -> String? {
  unsafe getenv(name).map { value in unsafe String(cString: value) }
}

extension SHA256 {
  /// The digest of a file, in hexadecimal digits.
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
