// swift-tools-version: 6.2
//
// supcon: Supervised Contrastive training of image encoders on CPUs over MPI.
// The targets are the stages of the walk (README.md); dependencies point only downwards.

import PackageDescription

// MARK: - Settings

/// Language mode 6, and every unsafe construct marked where it stands.
let swiftSettings: [SwiftSetting] = [.swiftLanguageMode(.v6), .strictMemorySafety()]

// MARK: - C libraries, from Debian's packages (scripts/install-dependencies.sh)

let libraries: [Target] = [
  .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev", "openmpi-bin"])]),
  .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
  .systemLibrary(name: "CImageCodecs", providers: [.apt(["libturbojpeg0-dev", "libpng-dev"])]),
  .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
]

// MARK: - Stages of the walk, lowest first

let stages: [Target] = [
  .target(name: "Spelling", swiftSettings: swiftSettings),
  .target(name: "KeyedRandomness", swiftSettings: swiftSettings),
  .target(name: "Formats", dependencies: ["CLibcrypto"], swiftSettings: swiftSettings),
  .target(name: "Kernels"),
  .target(name: "OneDNN", dependencies: ["COneDNN"], swiftSettings: swiftSettings),
  .target(name: "NeuralNet", dependencies: ["Kernels", "KeyedRandomness", "OneDNN"], swiftSettings: swiftSettings),
  .target(name: "MPI", dependencies: ["COpenMPI"], swiftSettings: swiftSettings),
  .target(name: "Watchdog", swiftSettings: swiftSettings),
  .target(name: "Contrastive", dependencies: ["Kernels", "MPI", "OneDNN"], swiftSettings: swiftSettings),
  .target(
    name: "Imaging", dependencies: ["CImageCodecs", "KeyedRandomness", "Kernels", "Spelling"],
    swiftSettings: swiftSettings),
  .target(name: "Datasets", dependencies: ["Formats", "Imaging", "KeyedRandomness"], swiftSettings: swiftSettings),
  .target(
    name: "Configuration",
    dependencies: [
      "Contrastive", "Datasets", "Formats", "Imaging", "NeuralNet", "OneDNN", "Spelling",
      .product(name: "Yams", package: "Yams"),
    ],
    swiftSettings: swiftSettings),
  .target(
    name: "Runs", dependencies: ["Configuration", "Formats", "NeuralNet"], swiftSettings: swiftSettings),
  .target(
    name: "Job",
    dependencies: [
      "Configuration", "Datasets", "Formats", "Imaging", "Kernels", "MPI", "NeuralNet", "OneDNN", "Runs", "Watchdog",
    ],
    swiftSettings: swiftSettings),
  .target(
    name: "Evaluation",
    dependencies: [
      "Configuration", "Contrastive", "Datasets", "Formats", "Imaging", "Job", "Kernels", "KeyedRandomness", "MPI",
      "NeuralNet", "OneDNN", "Runs",
    ],
    swiftSettings: swiftSettings),
  .target(
    name: "Training",
    dependencies: [
      "Configuration", "Contrastive", "Datasets", "Evaluation", "Formats", "Imaging", "Job", "Kernels",
      "KeyedRandomness", "MPI", "NeuralNet", "OneDNN", "Runs",
    ],
    swiftSettings: swiftSettings),
  .target(
    name: "Tools",
    dependencies: [
      "Configuration", "Contrastive", "Datasets", "Evaluation", "Formats", "Imaging", "Job", "Kernels",
      "KeyedRandomness", "MPI", "NeuralNet", "OneDNN", "Runs", "Training",
    ],
    swiftSettings: swiftSettings),
  .executableTarget(
    name: "supcon",
    dependencies: [
      "Configuration", "Contrastive", "Datasets", "Evaluation", "Formats", "Imaging", "Job", "MPI", "NeuralNet", "Runs",
      "Spelling", "Tools", "Training",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    swiftSettings: swiftSettings),
]

// MARK: - Tests, in release: swift test -c release

let tests: [Target] = [
  .target(name: "TestSupport", dependencies: ["Kernels"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
  .executableTarget(name: "mpi-checks", dependencies: ["MPI"], path: "Tests/MPIChecks", swiftSettings: swiftSettings),
  .executableTarget(
    name: "imaging-speed", dependencies: ["Imaging", "KeyedRandomness"], path: "Tests/ImagingSpeed",
    swiftSettings: swiftSettings),
  .executableTarget(
    name: "loss-steps", dependencies: ["Contrastive", "Formats", "MPI", "NeuralNet"], path: "Tests/LossSteps",
    swiftSettings: swiftSettings),
  .testTarget(name: "KernelsTests", dependencies: ["Kernels", "TestSupport"], swiftSettings: swiftSettings),
  .testTarget(name: "OneDNNTests", dependencies: ["OneDNN"], swiftSettings: swiftSettings),
  .testTarget(
    name: "NeuralNetTests", dependencies: ["Kernels", "NeuralNet", "OneDNN", "TestSupport"], exclude: ["Fixtures"],
    swiftSettings: swiftSettings),
  .testTarget(name: "MPITests", dependencies: ["MPI", "TestSupport"], swiftSettings: swiftSettings),
  .testTarget(name: "ContrastiveTests", dependencies: ["Contrastive", "TestSupport"], swiftSettings: swiftSettings),
  .testTarget(name: "WatchdogTests", dependencies: ["TestSupport", "Watchdog"], swiftSettings: swiftSettings),
  .testTarget(name: "KeyedRandomnessTests", dependencies: ["KeyedRandomness"], swiftSettings: swiftSettings),
  .testTarget(name: "FormatsTests", dependencies: ["Formats", "TestSupport"], swiftSettings: swiftSettings),
  .executableTarget(
    name: "file-fuzz", dependencies: ["Configuration", "Datasets", "Formats", "Imaging", "TestSupport"],
    path: "Tests/FileFuzz",
    swiftSettings: swiftSettings),
  .testTarget(
    name: "ImagingTests", dependencies: ["Imaging", "KeyedRandomness", "Kernels", "TestSupport"], exclude: ["Fixtures"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "DatasetsTests", dependencies: ["Datasets", "Formats", "Imaging", "KeyedRandomness", "TestSupport"],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "EvaluationTests", dependencies: ["Evaluation"], exclude: ["Fixtures"], swiftSettings: swiftSettings),
  .testTarget(
    name: "SupconTests", dependencies: ["Formats", "Imaging", "TestSupport", "supcon"], swiftSettings: swiftSettings),
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
