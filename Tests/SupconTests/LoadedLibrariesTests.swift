import Foundation
import Job
import MPI
import OneDNN
import TestSupport
import Testing

/// Libraries that are older than those that the program was compiled for, and newer ones.
struct LoadedLibrariesTests {
  @Test(arguments: [
    (2, 6, 3, false), (2, 7, 0, false), (2, 6, 0, false), (2, 5, 9, true), (1, 9, 9, true), (3, 1, 0, false),
  ])
  func `a oneDNN of a lower minor version is too old`(major: Int, minor: Int, patch: Int, isTooOld: Bool) {
    let problem = LoadedLibraries.oneDNNProblem(
      loaded: LibraryVersion(major: major, minor: minor, patch: patch),
      compiled: LibraryVersion(major: 2, minor: 6, patch: 3))
    #expect((problem != nil) == isTooOld)
    #expect(problem?.contains("oneDNN \(major).\(minor).\(patch) is loaded") != false)
    #expect(problem?.contains("libdnnl2") != false)
  }

  @Test(
    arguments: [
      ("Open MPI v4.1.4, package: Debian", "Open MPI 4.1.4", false), ("Open MPI v5.0.7", "Open MPI 4.1.4", false),
      ("Open MPI v4.1.6", "Open MPI 5.0.7", true), ("Open MPI v3.1.6", "Open MPI 3.1.6", true),
    ] as [(String, String, Bool)])
  func `an Open MPI of a lower major version is too old`(loaded: String, compiled: String, isTooOld: Bool) {
    let problem = LoadedLibraries.mpiProblem(
      loaded: MPILibrary(family: .openMPI, text: loaded), compiled: MPILibrary(family: .openMPI, text: compiled))
    #expect((problem != nil) == isTooOld)
    #expect(problem?.contains(compiled) != false && problem?.contains("openmpi-bin") != false)
  }

  @Test(
    arguments: [
      ("MPICH Version:\t4.0.2\nMPICH Release date:\tThu", false), ("MPICH Version:\t3.2", false),
      ("MPICH2 Version:\t1.4.1", true), ("MPICH Version:\t1.5", true),
      ("Intel(R) MPI Library 2021.10 for Linux* OS", false), ("MVAPICH2 Version      :\t2.3.7", false),
      ("MPI VERSION    : CRAY MPICH version 8.1.25.17 (ANL base 3.4a2)", false),
    ] as [(String, Bool)])
  func `the libraries with the interface of MPICH run each other's programs from MPICH 3 on`(
    text: String, isTooOld: Bool
  ) {
    let problem = LoadedLibraries.mpiProblem(
      loaded: MPILibrary(family: .mpich, text: text),
      compiled: MPILibrary(family: .mpich, text: "MPICH Version:\t4.0.2"))
    #expect((problem != nil) == isTooOld)
  }

  // MARK: - MPI, which the program loads itself

  /// The library alone takes up to 0.2 s to load.
  @Test func `neither the program nor a run without a launcher loads MPI`() throws {
    let workshop = try Workshop()
    let supcon = try builtExecutable("supcon")
    let needed = try runProcess(supcon, ["--help"], environment: ["LD_TRACE_LOADED_OBJECTS": "1"]).standardOutput
    #expect(needed.contains("libdnnl"))
    #expect(!needed.contains("libmpi"))
    // The loader writes each file's name that it opens.
    func opened(_ name: String, _ variables: [String: String], _ arguments: [String]) throws -> String {
      let result = try runProcess(
        supcon, arguments,
        environment: variables.merging(["LD_DEBUG": "files", "LD_DEBUG_OUTPUT": workshop.path(name)]) { $1 })
      try succeeding(result)
      let file = try #require(
        try FileManager.default.contentsOfDirectory(atPath: workshop.path(".")).first { file in file.hasPrefix(name) })
      return try workshop.text(file)
    }
    let run = ["pretrain", "--dataset", "cifar10", "--data", workshop.data, "--steps", "1"] + Workshop.configuration
    let alone = try opened("alone", [:], run + ["--output", workshop.path("one")])
    #expect(alone.contains("libdnnl") && !alone.contains("libmpi"))
    #expect(try opened("version", [:], ["--version"]).contains("libmpi"))
  }

  @Test(arguments: [
    ("libnone.so", "libnone.so: cannot open shared object file"), ("libz.so.1", "libz.so.1 "),
  ])
  func `an MPI that cannot be used is named with version and package`(library: String, reason: String) throws {
    let supcon = try builtExecutable("supcon")
    let workshop = try Workshop()
    let run = ["pretrain", "--steps", "1", "--output", workshop.path("run")]
    let variables = ["SUPCON_MPI_LIBRARY": library]
    let result = try runProcess(
      supcon, run, environment: variables.merging(["PMI_RANK": "0", "PMI_SIZE": "1"]) { $1 })
    expectRefusal(
      result, 78,
      naming: [
        "the MPI library cannot be loaded: \(reason)", "compiled for \(MPILibrary.compiled)", "Debian, Ubuntu: ",
      ])
    let version = try succeeding(runProcess(supcon, ["--version"], environment: variables)).standardOutput
    #expect(version.contains("not found: \(reason)") && version.contains("compiled for \(MPILibrary.compiled)"))
    let script = projectRoot.appendingPathComponent("scripts/launch.sh").path
    let launch = try runProcess(
      script, ["-np", "2"] + run, environment: variables.merging(["SUPCON": supcon]) { $1 })
    #expect(launch.exitCode == 69, "\(launch.standardError)")
    #expect(launch.standardError.contains("finds no MPI on") && launch.standardError.contains(reason))
    #expect(launch.standardError.contains("Debian: "))
  }

  /// Functions that tell old versions are preloaded in place of the libraries' own, as a profiler's would be.
  @Test(arguments: [
    ("oneDNN", ["oneDNN 1.2.3 is loaded", "supcon was compiled for", "install oneDNN"]),
    ("MPI", [" 1.2.3 is loaded", "which was compiled for", "Debian, Ubuntu: "]),
  ])
  func `the program names the library, both versions and the package before it begins`(
    library: String, parts: [String]
  ) throws {
    let workshop = try Workshop()
    let source = workshop.path("old.c")
    let name = MPILibrary.loaded.family == .openMPI ? "Open MPI v1.2.3" : "MPICH Version: 1.2.3"
    try
      (library == "oneDNN"
      ? """
      #include <dnnl.h>
      const dnnl_version_t *dnnl_version(void) {
        static const dnnl_version_t old = {.major = 1, .minor = 2, .patch = 3};
        return &old;
      }
      """
      : """
      #include <mpi.h>
      #include <string.h>
      int MPI_Get_library_version(char *version, int *length) {
        strcpy(version, "\(name)");
        *length = (int)strlen(version);
        return MPI_SUCCESS;
      }
      """).write(toFile: source, atomically: true, encoding: .utf8)
    let compiler = MPILibrary.loaded.family == .openMPI ? "mpicc" : "mpicc.mpich"
    try succeeding(
      runProcess("/usr/bin/env", [compiler, "-shared", "-fPIC", "-o", workshop.path("old.so"), source]))
    func run(_ arguments: [String]) throws -> ProcessResult {
      try runProcess(
        "/usr/bin/env",
        ["LD_PRELOAD=\(workshop.path("old.so"))", "PMI_RANK=0", "PMI_SIZE=1", try builtExecutable("supcon")]
          + arguments)
    }
    expectRefusal(
      try run(["pretrain", "--steps", "1", "--output", workshop.path("run")]), 78, naming: parts)
    // The versions themselves can still be asked for.
    #expect(try run(["--version"]).standardOutput.contains("1.2.3"))
  }
}
