import Configuration
import FoundationEssentials

/// The cores, sockets and memory of a host, as far as they decide how a job is started on it.
package struct HostTopology: Sendable, Equatable {
  /// The number of cores; hardware threads of one core count once.
  package let cores: Int
  /// The number of processor packages with memory of their own.
  package let sockets: Int
  /// The bytes that a job may take.
  package let memoryByteCount: Int

  package init(cores: Int, sockets: Int, memoryByteCount: Int) {
    self.cores = cores
    self.sockets = sockets
    self.memoryByteCount = memoryByteCount
  }

  /// A host that options describe, in whole or in part; the rest is this host's.
  package struct Description: Sendable {
    package var cores: Int?
    package var sockets: Int?
    package var memoryByteCount: Int?

    package init() {}

    /// The error in the description itself, or `nil`.
    package var problem: String? {
      if let cores, cores < 1 {
        return "--cores \(cores): expected at least 1"
      }
      if let sockets, sockets < 1 {
        return "--sockets \(sockets): expected at least 1"
      }
      if let cores, let sockets, !cores.isMultiple(of: sockets) {
        return
          "--cores \(cores) --sockets \(sockets): the cores are those of all sockets together, as many on each; give a multiple of \(sockets)"
      }
      return nil
    }
  }

  /// Completes a description with what the kernel reports of this host.
  ///
  /// - Parameters:
  ///   - description: The options that were given.
  ///   - system: The folder of the kernel's files, `/sys/devices/system`.
  ///   - allowed: The numbers of the processors that this process may run on; `nil` for all that are online.
  ///   - available: The bytes that are free, or `nil` if the kernel does not report them.
  /// - Throws: ``RunError`` if something is neither given nor readable.
  package init(
    _ description: Description, system: String = "/sys/devices/system",
    allowed: Set<Int>? = ProcessMeasurements.allowedProcessors(),
    available: Int? = ProcessMeasurements.availableByteCount()
  ) throws(RunError) {
    let places = Self.places(system, allowed)
    guard let cores = description.cores ?? places.map({ places in Set(places).count }) else {
      throw RunError(
        .missing, "\(system)/cpu: the kernel does not list the cores of this host",
        remedy: "describe it with --cores, --sockets and --memory")
    }
    guard let memory = description.memoryByteCount ?? available else {
      throw RunError(
        .missing, "/proc/meminfo: the kernel does not report the free memory of this host",
        remedy: "describe it with --memory")
    }
    let own = places.map { places in Set(places.map(\.socket)).count } ?? 1
    // A host of another number of cores is another host, of which no number of sockets is known.
    let sockets = description.sockets ?? (description.cores == nil ? own : cores.isMultiple(of: own) ? own : 1)
    guard cores.isMultiple(of: sockets) else {
      throw RunError(
        .usage, "--sockets \(sockets): this host's \(cores) usable cores are no multiple of it",
        remedy: "give --cores too")
    }
    self.init(cores: cores, sockets: sockets, memoryByteCount: memory)
  }

  /// The contradictions between a description and this host, as notes: a proposal for another host cannot be checked here.
  package static func contradictions(
    _ description: Description, system: String = "/sys/devices/system",
    allowed: Set<Int>? = ProcessMeasurements.allowedProcessors(),
    available: Int? = ProcessMeasurements.availableByteCount()
  ) -> [String] {
    var notes: [String] = []
    let places = Self.places(system, allowed).map { places in Set(places) } ?? []
    if let cores = description.cores, !places.isEmpty, cores != places.count {
      notes.append("--cores \(cores): this host has \(places.count) usable; the proposal is for the host described")
    }
    if let sockets = description.sockets, description.cores == nil, !places.isEmpty,
      sockets != Set(places.map(\.socket)).count
    {
      notes.append("--sockets \(sockets): this host has \(Set(places.map(\.socket)).count)")
    }
    if let memory = description.memoryByteCount, let available, description.cores == nil, memory > available {
      notes.append("--memory \(megabytes(memory)): \(megabytes(available)) are free on this host now")
    }
    return notes
  }

  /// The place of a processor: its core, and the package of that.
  private struct Place: Hashable {
    let socket: Int
    let core: Int
  }

  /// The places of the usable processors; `nil` if the kernel does not list them.
  private static func places(_ system: String, _ allowed: Set<Int>?) -> [Place]? {
    guard let online = text("\(system)/cpu/online").flatMap(ProcessMeasurements.processors) else { return nil }
    var places: [Place] = []
    for processor in online where allowed?.contains(processor) ?? true {
      let folder = "\(system)/cpu/cpu\(processor)/topology"
      guard let socket = text("\(folder)/physical_package_id").flatMap({ text in Int(text) }),
        let core = text("\(folder)/core_id").flatMap({ text in Int(text) })
      else { return nil }
      places.append(Place(socket: socket, core: core))
    }
    return places.isEmpty ? nil : places
  }

  private static func text(_ path: String) -> String? {
    (try? String(contentsOfFile: path, encoding: .utf8)).map { text in
      String(text.prefix { letter in letter != "\n" })
    }
  }
}
