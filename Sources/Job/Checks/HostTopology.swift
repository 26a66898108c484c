import Configuration
import FoundationEssentials

/// The cores, sockets and memory of a host, from which the number of ranks and threads is chosen.
package struct HostTopology: Sendable, Equatable {
  /// The number of physical cores.
  package let cores: Int
  /// The number of CPU sockets, each with memory of its own.
  package let sockets: Int
  /// The memory that a job may use, in bytes.
  package let memoryByteCount: Int

  package init(cores: Int, sockets: Int, memoryByteCount: Int) {
    self.cores = cores
    self.sockets = sockets
    self.memoryByteCount = memoryByteCount
  }

  /// A partial description of a host by command-line options; missing values are taken from this host.
  package struct Description: Sendable {
    package var cores: Int?
    package var sockets: Int?
    package var memoryByteCount: Int?

    package init() {}

    /// The largest number of cores for which divisions are compared.
    private static let largestCoreCount = 1 << 20
    /// The smallest memory in bytes that can be meant; a smaller number lacks its unit.
    private static let smallestByteCount = 1 << 20

    /// The error message for an invalid description, or `nil`.
    package var problem: String? {
      if let cores, let problem = Configuration.problem(of: "cores", cores, atLeast: 1, atMost: Self.largestCoreCount) {
        return problem
      }
      if let sockets, let problem = Configuration.problem(of: "sockets", sockets, atLeast: 1) {
        return problem
      }
      if let cores, let sockets, !cores.isMultiple(of: sockets) {
        return
          "--cores \(cores) --sockets \(sockets): the cores are those of all sockets together, as many on each; give a multiple of \(sockets)"
      }
      if let bytes = memoryByteCount, bytes < Self.smallestByteCount {
        return
          "--memory: expected at least 1 MiB, found \(counted(bytes, "byte")); give the unit too, such as \(bytes < 1 << 16 ? bytes : 128)GB"
      }
      return nil
    }
  }

  /// Completes a description of a host with the kernel's data about this host.
  ///
  /// - Parameters:
  ///   - description: The options that were given.
  ///   - system: The path of the kernel's `/sys/devices/system`.
  ///   - allowed: The CPUs that this process may run on; `nil` for all that are online.
  ///   - quota: The number of CPUs that a control group allows, such as 1.5; `nil` without a quota.
  ///   - available: The free memory in bytes; `nil` if the kernel does not report it.
  /// - Throws: ``RunError`` if a value is neither given nor reported by the kernel.
  package init(
    _ description: Description, system: String = "/sys/devices/system",
    allowed: Set<Int>? = ProcessMeasurements.allowedProcessors(), quota: Double? = ControlGroup().processors,
    available: Int? = ProcessMeasurements.availableByteCount()
  ) throws(RunError) {
    let places = Self.places(system, allowed)
    guard let cores = description.cores ?? places.map({ places in Self.cores(of: places, quota) }) else {
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
    // Cores that cannot be as many on each socket, as those of some jobs or of another host, count as one socket's.
    let sockets = description.sockets ?? (cores.isMultiple(of: own) ? own : 1)
    guard cores.isMultiple(of: sockets) else {
      throw RunError(
        .usage, "--sockets \(sockets): this host's \(cores) usable cores are no multiple of it",
        remedy: "give --cores too")
    }
    self.init(cores: cores, sockets: sockets, memoryByteCount: memory)
  }

  /// Returns a note for each value that differs from this host's, so that a proposal for the described host cannot be
  /// checked here.
  package static func contradictions(
    _ description: Description, system: String = "/sys/devices/system",
    allowed: Set<Int>? = ProcessMeasurements.allowedProcessors(), quota: Double? = ControlGroup().processors,
    available: Int? = ProcessMeasurements.availableByteCount()
  ) -> [String] {
    var notes: [String] = []
    let places = Self.places(system, allowed) ?? []
    let usable = Self.cores(of: places, quota)
    if let cores = description.cores, !places.isEmpty, cores != usable {
      notes.append("--cores \(cores): this host has \(usable) usable; the proposal is for the host described")
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

  /// The location of a logical CPU: its socket and core.
  private struct Place: Hashable {
    let socket: Int
    let core: Int
  }

  /// Returns the number of cores of some logical CPUs, or of those that a quota allows, if they are fewer.
  private static func cores(of places: [Place], _ quota: Double?) -> Int {
    Int(max(min(Double(Set(places).count), quota ?? .infinity), 1))
  }

  /// Returns the locations of the usable logical CPUs; `nil` if the kernel does not list them.
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
