// swift-tools-version: 6.2
//
// supcon: Supervised Contrastive training of image encoders on CPUs over MPI.
// The targets are the stages of the walk (docs/tour.md); dependencies point only downwards.

import Glibc
import PackageDescription

// MARK: - Settings

/// The directory of a oneDNN other than the system's, with `include` and `lib`; empty for the system's.
let oneDNN = Context.environment["SUPCON_ONEDNN"] ?? ""

/// Language mode 6, and every unsafe construct marked where it stands.
let swiftSettings: [SwiftSetting] =
  [.swiftLanguageMode(.v6), .strictMemorySafety()]
  + (oneDNN.isEmpty ? [] : [.unsafeFlags(["-Xcc", "-I\(oneDNN)/include"])])

/// The library is named by its path, since `-ldnnl` could find the system's before that of the directory.
let oneDNNLinkerSettings: [LinkerSetting] =
  oneDNN.isEmpty
  ? [.linkedLibrary("dnnl")]
  : [.unsafeFlags(["\(oneDNN)/lib/libdnnl.so", "-Xlinker", "-rpath", "-Xlinker", "\(oneDNN)/lib"])]

/// The folders of mpi.h and the name of the MPI library, which Sources/CMPI loads when MPI starts: nothing is linked.
///
/// SUPCON_MPI selects it: `ompi` (default), `mpich`, or the pkg-config name of a library with the interface of either,
/// such as `cray-mpich` or `impi`.
let mpi: [CSetting] = {
  let script = "\(Context.packageDirectory)/scripts/find-mpi.sh".replacing("'", with: "'\\''")
  guard let pipe = popen("'\(script)'", "r") else { fatalError("no shell") }
  var lines: [String] = []
  while let line = readLine(from: pipe) { lines.append(line) }
  // The script has said what is missing.
  guard pclose(pipe) == 0, let library = lines.popLast() else { exit(69) }
  return [
    .define("CMPI_LIBRARY", to: "\"\(library)\""),
    .unsafeFlags(lines.flatMap { folder in ["-isystem", folder] }),
  ]
}()

/// Reads a line of a file without its end; `nil` at the end of the file.
func readLine(from file: UnsafeMutablePointer<FILE>) -> String? {
  var buffer = [CChar](repeating: 0, count: 4096)
  guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
  return String(decoding: buffer.prefix { byte in byte != 0 && byte != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// The commit that `supcon --version` names; the build does not depend on git.
let commit: [CSetting] =
  (Context.environment["SUPCON_COMMIT"] ?? "").isEmpty
  ? [] : [.define("SUPCON_COMMIT", to: "\"\(Context.environment["SUPCON_COMMIT"] ?? "")\"")]

// MARK: - C libraries, from Debian's packages (scripts/install-dependencies.sh)

let libraries: [Target] = [
  .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
  .systemLibrary(name: "CImageCodecs", providers: [.apt(["libturbojpeg0-dev", "libpng-dev"])]),
  .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
]

// MARK: - Stages of the walk, lowest first

let stages: [Target] = [
  .target(name: "Spelling", exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(name: "ParallelLoops", exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(name: "KeyedRandomness", exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(name: "FlatVectors", exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Formats", dependencies: ["CLibcrypto", "CZlib"], exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(name: "Kernels", exclude: ["README.md"]),
  .target(
    name: "OneDNN", dependencies: ["COneDNN"], exclude: ["README.md"], swiftSettings: swiftSettings,
    linkerSettings: oneDNNLinkerSettings),
  .target(
    name: "Processor", dependencies: ["Kernels", "OneDNN"], exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "NeuralNet", dependencies: ["FlatVectors", "Kernels", "KeyedRandomness", "OneDNN"], exclude: ["README.md"],
    swiftSettings: swiftSettings),
  .target(
    name: "Optimizers", dependencies: ["FlatVectors", "NeuralNet"], exclude: ["README.md"],
    swiftSettings: swiftSettings),
  .target(name: "CBuild", cSettings: commit),
  .target(name: "CMPI", cSettings: mpi),
  .target(name: "MPI", dependencies: ["CMPI"], exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(name: "Watchdog", dependencies: ["ParallelLoops"], exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Losses", dependencies: ["Kernels", "MPI", "OneDNN", "ParallelLoops"], exclude: ["README.md"],
    swiftSettings: swiftSettings),
  .target(name: "ImageCodecs", dependencies: ["CImageCodecs"], exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Imaging", dependencies: ["ImageCodecs", "KeyedRandomness", "Kernels", "Spelling"], exclude: ["README.md"],
    swiftSettings: swiftSettings),
  .target(
    name: "Corruptions", dependencies: ["ImageCodecs", "KeyedRandomness"], exclude: ["README.md"],
    swiftSettings: swiftSettings),
  .target(
    name: "Datasets",
    dependencies: ["Formats", "ImageCodecs", "Imaging", "KeyedRandomness", "ParallelLoops", "Spelling"],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "ImagePacks", dependencies: ["Datasets", "Formats", "ImageCodecs", "Imaging", "ParallelLoops"],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "DataLoading", dependencies: ["Datasets", "Formats", "ImageCodecs", "Imaging", "KeyedRandomness"],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Configuration",
    dependencies: [
      "DataLoading", "Datasets", "Formats", "ImageCodecs", "ImagePacks", "Imaging", "Losses", "NeuralNet", "OneDNN",
      "Optimizers",
      "Spelling", .product(name: "Yams", package: "Yams"),
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Runs", dependencies: ["Configuration", "FlatVectors", "Formats", "NeuralNet", "Optimizers", "Spelling"],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Job",
    dependencies: [
      "CBuild", "Configuration", "DataLoading", "Datasets", "FlatVectors", "Formats", "ImageCodecs", "ImagePacks",
      "Imaging",
      "Kernels", "MPI", "NeuralNet", "OneDNN", "Processor", "Runs", "Watchdog",
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "WeightExchange",
    dependencies: [
      "Configuration", "Datasets", "Formats", "ImageCodecs", "Imaging", "Job", "MPI", "NeuralNet", "Runs",
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Measures", dependencies: ["Job", "KeyedRandomness", "MPI", "OneDNN", "ParallelLoops"],
    exclude: ["README.md"],
    swiftSettings: swiftSettings),
  .target(
    name: "Inference",
    dependencies: [
      "Configuration", "DataLoading", "Datasets", "FlatVectors", "ImageCodecs", "Imaging", "Job", "Measures", "MPI",
      "NeuralNet", "OneDNN", "Runs", "WeightExchange",
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Evaluation",
    dependencies: [
      "Configuration", "Corruptions", "DataLoading", "Datasets", "FlatVectors", "Formats", "ImageCodecs", "Imaging",
      "Inference", "Job", "KeyedRandomness", "Losses", "Measures", "MPI", "NeuralNet", "OneDNN", "Optimizers", "Runs",
      "WeightExchange",
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "RunLogging",
    dependencies: [
      "Configuration", "DataLoading", "Datasets", "Formats", "ImageCodecs", "Job", "Measures", "MPI", "Runs",
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "DistributedStep",
    dependencies: [
      "Configuration", "DataLoading", "Datasets", "FlatVectors", "Formats", "ImageCodecs", "Imaging", "Inference",
      "Job", "Losses", "Measures", "MPI", "NeuralNet", "OneDNN", "Optimizers", "ParallelLoops", "Runs",
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Training",
    dependencies: [
      "Configuration", "DataLoading", "Datasets", "DistributedStep", "Evaluation", "Formats", "ImagePacks", "Job",
      "Measures", "MPI", "NeuralNet", "OneDNN", "RunLogging", "Runs", "WeightExchange",
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Scaling", dependencies: ["Configuration", "MPI", "NeuralNet"], exclude: ["README.md"],
    swiftSettings: swiftSettings),
  .target(
    name: "Tools",
    dependencies: [
      "Configuration", "DataLoading", "Datasets", "DistributedStep", "Formats", "ImageCodecs", "ImagePacks", "Imaging",
      "Job", "KeyedRandomness", "Losses", "MPI", "NeuralNet", "OneDNN", "ParallelLoops", "Runs", "Scaling", "Training",
      "Watchdog",
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Reporting",
    dependencies: [
      "Configuration", "Datasets", "Evaluation", "Formats", "ImageCodecs", "Imaging", "Inference", "Job",
      "KeyedRandomness", "Measures", "MPI", "NeuralNet", "Runs", "WeightExchange",
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .target(
    name: "Sweeps",
    dependencies: [
      "Configuration", "Datasets", "Evaluation", "Formats", "Job", "MPI", "Reporting", "Runs", "Spelling", "Training",
      .product(name: "Yams", package: "Yams"),
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
  .executableTarget(
    name: "supcon",
    dependencies: [
      "Configuration", "Datasets", "DistributedStep", "Evaluation", "Formats", "ImageCodecs", "Imaging", "Job", "MPI",
      "NeuralNet", "OneDNN", "Processor", "Reporting", "Runs", "Spelling", "Sweeps", "Tools", "Training",
      "WeightExchange",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    exclude: ["README.md"], swiftSettings: swiftSettings),
]

// MARK: - Tests, in release: swift test -c release

let tests: [Target] = [
  .target(name: "TestSupport", dependencies: ["Kernels"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
  .executableTarget(
    name: "mpi-checks", dependencies: ["MPI"], path: "Tests/Executables/MPIChecks",
    swiftSettings: swiftSettings),
  .executableTarget(
    name: "simulated-step", dependencies: ["CMPI", "MPI"], path: "Tests/Executables/SimulatedStep",
    swiftSettings: swiftSettings),
  .executableTarget(
    name: "imaging-speed", dependencies: ["ImageCodecs", "Imaging", "KeyedRandomness"],
    path: "Benchmarks/ImagingSpeed",
    swiftSettings: swiftSettings),
  .executableTarget(
    name: "loss-steps", dependencies: ["FlatVectors", "Formats", "Losses", "MPI", "NeuralNet", "Optimizers"],
    path: "Tests/Executables/LossSteps",
    swiftSettings: swiftSettings),
  .executableTarget(
    name: "loss-cases", dependencies: ["Configuration", "MPI", "Tools"], path: "Tests/Executables/LossCases",
    swiftSettings: swiftSettings),
  .testTarget(name: "KernelsTests", dependencies: ["Kernels", "TestSupport"], swiftSettings: swiftSettings),
  .testTarget(name: "OneDNNTests", dependencies: ["OneDNN"], swiftSettings: swiftSettings),
  .testTarget(name: "ProcessorTests", dependencies: ["Kernels", "OneDNN", "Processor"], swiftSettings: swiftSettings),
  .testTarget(
    name: "NeuralNetTests",
    dependencies: ["FlatVectors", "Kernels", "NeuralNet", "OneDNN", "Optimizers", "TestSupport"],
    exclude: ["Fixtures"],
    swiftSettings: swiftSettings),
  .testTarget(name: "MPITests", dependencies: ["MPI", "TestSupport"], swiftSettings: swiftSettings),
  .testTarget(
    name: "LossesTests", dependencies: ["Formats", "Losses", "OneDNN", "TestSupport"], swiftSettings: swiftSettings),
  .testTarget(name: "WatchdogTests", dependencies: ["Watchdog"], swiftSettings: swiftSettings),
  .testTarget(name: "KeyedRandomnessTests", dependencies: ["KeyedRandomness"], swiftSettings: swiftSettings),
  .testTarget(
    name: "FormatsTests", dependencies: ["Formats", "TestSupport"], exclude: ["Fixtures"], swiftSettings: swiftSettings),
  .executableTarget(
    name: "file-fuzz",
    dependencies: [
      "Configuration", "Datasets", "Formats", "ImageCodecs", "ImagePacks", "Imaging", "Runs", "TestSupport",
    ],
    path: "Tests/Executables/FileFuzz",
    swiftSettings: swiftSettings),
  .testTarget(
    name: "ImagingTests", dependencies: ["ImageCodecs", "Imaging", "KeyedRandomness", "Kernels", "TestSupport"],
    exclude: ["Fixtures"], swiftSettings: swiftSettings),
  .testTarget(
    name: "CorruptionsTests", dependencies: ["Corruptions", "ImageCodecs"], exclude: ["Fixtures"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "DatasetsTests",
    dependencies: ["Datasets", "Formats", "ImageCodecs", "ImagePacks", "Imaging", "KeyedRandomness", "TestSupport"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "DataLoadingTests",
    dependencies: ["DataLoading", "Datasets", "Formats", "ImageCodecs", "Imaging", "KeyedRandomness", "TestSupport"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "OptimizersTests", dependencies: ["FlatVectors", "Optimizers", "TestSupport"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "DistributedStepTests",
    dependencies: ["Configuration", "DataLoading", "DistributedStep", "ImageCodecs", "Imaging", "Job", "TestSupport"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "TrainingTests",
    dependencies: ["Configuration", "Datasets", "Job", "TestSupport", "Training"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "RunLoggingTests",
    dependencies: ["Configuration", "Formats", "Job", "Measures", "RunLogging", "Runs", "TestSupport"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "RunsTests", dependencies: ["Configuration", "Formats", "Runs", "TestSupport"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "ConfigurationTests", dependencies: ["Configuration", "ImageCodecs", "Losses", "NeuralNet", "Spelling"],
    exclude: ["Fixtures"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "EvaluationTests",
    dependencies: ["Datasets", "Evaluation", "Inference", "Measures"],
    exclude: ["Fixtures"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "WeightExchangeTests",
    dependencies: ["Configuration", "Formats", "NeuralNet", "TestSupport", "WeightExchange"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "ReportingTests",
    dependencies: [
      "Configuration", "Datasets", "MPI", "Measures", "Reporting", "Runs", "Sweeps", "TestSupport",
    ],
    exclude: ["Fixtures"], swiftSettings: swiftSettings),
  .testTarget(name: "ScalingTests", dependencies: ["MPI", "Scaling"], swiftSettings: swiftSettings),
  .testTarget(
    name: "SweepsTests", dependencies: ["Configuration", "Datasets", "Sweeps"], swiftSettings: swiftSettings),
  .testTarget(
    name: "SupconTests",
    dependencies: ["Formats", "ImageCodecs", "Imaging", "Job", "MPI", "OneDNN", "Processor", "TestSupport", "supcon"],
    swiftSettings: swiftSettings),
]

// MARK: - Package

let package = Package(
  name: "supcon",
  products: [.executable(name: "supcon", targets: ["supcon"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: libraries + stages + tests)
