import Formats
import Foundation
import TestSupport
import Testing

/// The debugging options: step dump, rank comparison, finite checks.
struct DebuggingTests {
  @Test func aDumpedStepIsTheSameOnAnyNumberOfRanks() throws {
    let workshop = try Workshop()
    let options = ["--steps", "3", "--precision", "float32", "--log-steps", "1"]
    try succeeding(workshop.pretrain("alone", options + ["--dump-step", "2", workshop.path("dump-1")]))
    try succeeding(workshop.pretrain("three", ranks: 3, options + ["--dump-step", "2", workshop.path("dump-3")]))
    let names = try FileManager.default.subpathsOfDirectory(atPath: workshop.path("dump-1")).sorted()
    #expect(names == (try FileManager.default.subpathsOfDirectory(atPath: workshop.path("dump-3")).sorted()))
    for name in names where name.contains(".") {
      #expect(
        FileManager.default.contentsEqual(
          atPath: workshop.path("dump-1/\(name)"), andPath: workshop.path("dump-3/\(name)")), "\(name)")
    }
    #expect(names.count { name in name.hasPrefix("views/shard-") } == 8)
    for name in [
      "samples", "labels", "representations", "embeddings", "anchor-losses", "embedding-gradients",
      "gradients/encoder.conv1.weight",
    ] {
      #expect(names.contains("\(name).npy"), "\(name)")
    }

    // What belongs together does: unit rows, and the loss that was logged.
    let embeddings = try PlainNumPy.read(workshop.path("dump-1/embeddings.npy"), as: Float.self).elements
    #expect(embeddings.count == 64 * 128)
    for row in 0..<64 {
      let squares = embeddings[row * 128..<(row + 1) * 128].reduce(0) { sum, element in sum + element * element }
      #expect(abs(squares - 1) < 1e-5)
    }
    let losses = try PlainNumPy.read(workshop.path("dump-1/anchor-losses.npy"), as: Double.self).elements
    let logged = try JSONFields.lines(path: workshop.path("alone/metrics.jsonl")).map { line in
      (try line.number("step"), try line.number("loss"))
    }
    let loss = try #require(logged.first { step, _ in step == 2 }?.1)
    // Every class of 32 samples in two views has a positive.
    #expect(abs(losses.reduce(0, +) / 64 - loss) < 1e-5)
  }

  // The epoch's last batch has two shards: one of three ranks owns none of them.
  @Test func aDumpedStepIsTheSameWhereARankOwnsNothing() throws {
    let workshop = try Workshop()
    let options = ["--last-batch", "keep", "--steps", "7"]
    for ranks in [1, 3] {
      let dump = ["--dump-step", "7", workshop.path("dump-\(ranks)")]
      try succeeding(workshop.pretrain("run-\(ranks)", ranks: ranks, options + dump))
    }
    let names = try FileManager.default.subpathsOfDirectory(atPath: workshop.path("dump-1")).sorted()
    #expect(names == (try FileManager.default.subpathsOfDirectory(atPath: workshop.path("dump-3")).sorted()))
    #expect(names.count { name in name.hasPrefix("views/shard-") } == 2)
    for name in names where name.contains(".") {
      #expect(
        FileManager.default.contentsEqual(
          atPath: workshop.path("dump-1/\(name)"), andPath: workshop.path("dump-3/\(name)")), "\(name)")
    }
  }

  @Test func aStepThatIsNotTakenAndAFolderThatCannotBeMadeAreToldAtOnce() throws {
    let workshop = try Workshop()
    let never = ["--steps", "1", "--dump-step", "2", workshop.path("never")]
    let result = try succeeding(workshop.pretrain("run", never))
    #expect(result.standardOutput.contains("warning: --dump-step 2: only the steps 1 to 1"))
    #expect(!FileManager.default.fileExists(atPath: workshop.path("never")))
    try Data().write(to: URL(fileURLWithPath: workshop.path("file")))
    let late = try workshop.resume("run", ["--steps", "2", "--dump-step", "2", workshop.path("file")])
    expectRefusal(late, 73, naming: [workshop.path("file"), "--dump-step"])
  }

  /// Off the center, weights see the padding alone: their gradient is 0, and it is at each of several tries.
  @Test(arguments: ["float32", "bfloat16"])
  func aConvolutionOfOnePixelHasTheGradientOfItsCenter(precision: String) throws {
    let workshop = try Workshop()
    let configuration = [
      "--batch-size", "16", "--shard-size", "8", "--stem", "imagenet", "--image-size", "8", "--steps", "1",
    ]
    for attempt in 0..<3 {
      let dump = ["--precision", precision, "--dump-step", "1", workshop.path("dump-\(attempt)")]
      try succeeding(workshop.pretrain("run-\(attempt)", configuration: configuration, dump))
      let name = "dump-\(attempt)/gradients/encoder.layer3.0.conv1.weight.npy"
      let file = try NumPyFile(path: workshop.path(name))
      #expect(file.shape == [64, 32, 3, 3])
      let gradient = try file.floats(0..<64 * 32 * 9)
      #expect(gradient.indices.allSatisfy { index in index % 9 == 4 || gradient[index] == 0 })
      #expect(gradient.contains { element in element != 0 })
    }
  }

  @Test func numbersThatAreNotFiniteAreFoundWhereTheyBegin() throws {
    let workshop = try Workshop()
    let diverging = ["--steps", "50", "--learning-rate", "1e20", "--warmup-epochs", "0"]
    let alone = try workshop.pretrain("alone", diverging)
    let three = try workshop.pretrain("three", ranks: 3, diverging)
    #expect(alone.exitCode == 70 && three.exitCode == 70)
    #expect(alone.standardError.contains("the outputs of encoder.") || alone.standardError.contains("the embeddings"))
    // The same place, but for the rank that owns the shard.
    let places = [alone, three].map { result in
      // The MPI library may say something of its own before.
      result.standardError.split(separator: "\n").first { line in line.hasPrefix("Error:") }
        .map { line in line.prefix { letter in letter != "(" } }
    }
    #expect(places[0] == places[1])
  }

  @Test func equalRanksPassTheCheck() throws {
    let workshop = try Workshop()
    let checked = try workshop.weights("checked", ranks: 3, ["--steps", "4", "--check-ranks", "2", "--check-numerics"])
    let plain = try workshop.weights("plain", ["--steps", "4"])
    #expect(checked == plain)
  }

  /// A rank whose memory goes bad: the eleventh gathering gives it another bit than the others.
  @Test func aRankThatDiffersIsNamed() throws {
    let workshop = try Workshop()
    let source = workshop.path("flip.c")
    try Data(
      """
      #include <mpi.h>
      #include <stdlib.h>
      int MPI_Allgatherv(const void *sent, int count, MPI_Datatype type, void *received, const int counts[],
                         const int places[], MPI_Datatype received_type, MPI_Comm world) {
        static int calls;
        int code = PMPI_Allgatherv(sent, count, type, received, counts, places, received_type, world);
        const char *rank = getenv("OMPI_COMM_WORLD_RANK");
        int total = 0, size = 0;
        MPI_Comm_size(world, &size);
        for (int i = 0; i < size; i++) total += counts[i];
        // The gradients, in the second step.
        if (total > 200000 && ++calls == 2 && rank && atoi(rank) == 1) ((char *)received)[10] ^= 0x40;
        return code;
      }
      """.utf8
    ).write(to: URL(fileURLWithPath: source))
    try succeeding(runProcess("/usr/bin/env", ["mpicc", "-shared", "-fPIC", "-o", workshop.path("flip.so"), source]))
    let result = try runProcess(
      "/usr/bin/env",
      [
        "mpirun", "--oversubscribe", "--bind-to", "none", "-np", "3", "-x", "LD_PRELOAD=\(workshop.path("flip.so"))",
        try builtExecutable("supcon"), "pretrain", "--dataset", "cifar10", "--data", workshop.data, "--output",
        workshop.path("run"), "--steps", "6", "--check-ranks", "1",
      ] + Workshop.configuration,
      environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"])
    expectRefusal(
      result, 70, naming: ["step 2: rank 1 on host", "differs from rank 0", "the weights of encoder.conv1.weight"])
  }
}
