import Formats
import Foundation
import TestSupport
import Testing

/// `supcon export` and `import`: the same bits there and back, under the names of other programs.
struct ExchangeTests {
  private static let small = ["--batch-size", "2", "--shard-size", "2", "--steps", "1", "--image-size", "16"]

  private func export(_ workshop: Workshop, _ run: String, to file: String, _ options: [String]) throws -> ProcessResult
  {
    try workshop.run(["export", "--run", workshop.path(run), "--output", workshop.path(file)] + options)
  }

  private func importing(_ workshop: Workshop, _ file: String, _ layout: String, _ model: String, to run: String)
    -> [String]
  {
    [
      "import", "--weights", workshop.path(file), "--layout", layout, "--model", model, "--dataset", "cifar10",
      "--data",
      workshop.data, "--image-size", "16", "--output", workshop.path(run),
    ]
  }

  // MARK: - There and back

  // One of each kind of block and each layout; LayoutNameTests has the names of all encoders.
  @Test(arguments: [("resnet18", ["torchvision", "supcontrast"]), ("resnet20", ["ge"]), ("resnet50", ["torchvision"])])
  func `encoders come back with the same bits`(encoder: String, layouts: [String]) throws {
    let workshop = try Workshop()
    let isSmall = PyTorchNames.encoders[encoder]?.counts.count == 3
    let options = isSmall ? ["--normalize-encoder", "--embedding-width", "64"] : []
    try succeeding(workshop.pretrain("run", configuration: Self.small, ["--model", encoder] + options))
    let own = try WeightsFile(path: workshop.path("run/encoder.safetensors"))
    for layout in layouts {
      try succeeding(export(workshop, "run", to: "\(layout).file", ["--layout", layout]))
      let file = try WeightsFile(path: workshop.path("\(layout).file"))
      var expected = PyTorchNames.names(
        encoder, shortcut: isSmall ? nil : layout == "torchvision" ? "downsample" : "shortcut")
      switch layout {
      case "torchvision": break
      case "supcontrast":
        expected = Set(expected.map { name in "encoder.\(name)" })
        expected.formUnion(["head.0.weight", "head.0.bias", "head.2.weight", "head.2.bias"])
      default:
        expected.formUnion(
          ["hidden", "output"].flatMap { place in
            ["contrastive_\(place)_layer.weight", "contrastive_\(place)_layer.bias"]
          })
      }
      #expect(Set(file.tensors.keys) == expected)
      let counters = file.tensors.filter { name, _ in name.hasSuffix("num_batches_tracked") }
      #expect(counters.values.allSatisfy { bytes in Array(bytes) == [1, 0, 0, 0, 0, 0, 0, 0] })

      try succeeding(workshop.run(importing(workshop, "\(layout).file", layout, encoder, to: layout)))
      let again = try WeightsFile(path: workshop.path("\(layout)/encoder.safetensors"))
      #expect(again.weights == own.weights, "\(layout)")
      if layout != "torchvision" {
        // With the projection head.
        let (hash, other) = (try workshop.weights(of: "run"), try workshop.weights(of: layout))
        #expect(hash == other)
      }
    }
  }

  @Test func `an imported run goes through the later stages and gives the same numbers`() throws {
    let workshop = try Workshop()
    let options = ["--precision", "float32", "--model", "resnet18", "--stem", "imagenet", "--head", "none"]
    try succeeding(workshop.pretrain("run", configuration: Self.small, options))
    try succeeding(export(workshop, "run", to: "weights", []))
    let arguments = importing(workshop, "weights", "torchvision", "resnet18", to: "imported")
    try succeeding(workshop.run(ranks: 2, arguments))
    let configuration = try workshop.text("imported/config.yaml")
    #expect(configuration.contains("stem: imagenet"), "by the shape of the first convolution")
    for run in ["run", "imported"] {
      try succeeding(
        workshop.run(["linear", "--run", workshop.path(run), "--batch-size", "20", "--shard-size", "10"]))
      try succeeding(workshop.run(ranks: 3, ["evaluate", "--run", workshop.path(run)]))
    }
    let (summary, imported) = (try workshop.summary("run"), try workshop.summary("imported"))
    for field in ["linear_top1", "knn_top1", "weights_sha256"] {
      #expect(summary.values[field] == imported.values[field], "\(field)")
    }
    let hashes = try ["run", "imported"].map { run in
      try workshop.summary(run, stage: "linear").text("classifier_sha256")
    }
    #expect(hashes[0] == hashes[1])
    #expect(try imported.text("command") == "import" && imported.values["command_line"] != nil)
    try succeeding(workshop.run(["report", workshop.path("imported")]))
    let page = try workshop.text("imported/report.html")
    #expect(page.contains("Imported from ") && page.contains("The command line of the import"))
    #expect(page.contains("Principal components, as imported") && !page.contains("Repeat it"))
  }

  @Test func `mean, deviation and size come with exported weights, unless given`() throws {
    let workshop = try Workshop()
    try MixedFolder.write(to: workshop.path("mixed"))
    let folder = ["--dataset", "folder", "--data", workshop.path("mixed")]
    try succeeding(
      workshop.run(
        [
          "pretrain", "--output", workshop.path("run"), "--batch-size", "16", "--shard-size", "4", "--steps", "0",
          "--normalize-encoder", "--image-size", "16",
        ]
          + folder + ["--mean", "0.5,0.25,0.125", "--std", "0.2,0.3,0.4"]))
    try succeeding(export(workshop, "run", to: "weights", ["--layout", "ge", "--part", "encoder"]))
    let command = ["import", "--weights", workshop.path("weights"), "--layout", "ge", "--model", "resnet20"] + folder
    let taken = try succeeding(workshop.run(command + ["--output", workshop.path("taken")]))
    #expect(taken.standardOutput.contains("note: --mean 0.5,0.25,0.125 --std 0.2,0.3,0.4, as "))
    #expect(taken.standardOutput.contains("note: --image-size 16, as "), "\(taken)")
    let options = try workshop.text("taken/config.yaml")
    #expect(options.contains("mean: 0.5,0.25,0.125\n") && options.contains("image-size: 16\n"))
    try workshop.expectRefusal(
      ["import", "--weights", workshop.path("run/checkpoints/latest"), "--layout", "ge", "--model", "resnet20"]
        + folder,
      65, naming: ["is a checkpoint of supcon", "--init"])
    let tensors = ["pretrain", "--init", workshop.path("weights"), "--steps", "0", "--output", workshop.path("new")]
    try workshop.expectRefusal(tensors, 65, naming: ["another program wrote", "supcon import --weights"])
    try workshop.expectRefusal(
      ["pretrain", "--resume", "--output", workshop.path("taken")], 78, naming: ["imported weights", "--init"])
    let given = ["--mean", "0.1,0.1,0.1", "--std", "0.2,0.2,0.2", "--image-size", "24"]
    try succeeding(workshop.run(command + given + ["--output", workshop.path("given")]))
    let own = try workshop.text("given/config.yaml")
    #expect(own.contains("mean: 0.1,0.1,0.1\n") && own.contains("image-size: 24\n"))
  }

  @Test func `an import of a CIFAR ResNet scales as the file's run did, and takes no projected shortcuts`() throws {
    let workshop = try Workshop()
    try succeeding(
      workshop.pretrain("run", configuration: Self.small, ["--model", "resnet20", "--precision", "float32"]))
    // Models of this layout scale, and the run did not.
    let exported = try succeeding(export(workshop, "run", to: "weights", ["--layout", "ge", "--part", "encoder"]))
    #expect(exported.standardOutput.contains("or cifar_resnet.load, which leaves it out"))
    let result = try succeeding(workshop.run(importing(workshop, "weights", "ge", "resnet20", to: "again")))
    #expect(result.standardOutput.contains("note: --no-normalize-encoder, as "))
    try rewrite(workshop, "weights", to: "projected") { tensors in
      tensors.append(tensors[0].renamed("fc.bias"))
      tensors.append(tensors[0].renamed("layer2.0.downsample.0.weight"))
    }
    let projected = importing(workshop, "projected", "ge", "resnet20", to: "new")
    try workshop.expectRefusal(
      projected, 65, naming: ["(first: layer2.0.downsample.0.weight)", "1×1 convolutions (B)"])
    let features = try ["run", "again"].map { run in
      let file = workshop.path("\(run).npy")
      try succeeding(workshop.run(["embed", "--run", workshop.path(run), "--part", "encoder", "--output", file]))
      return try NumPyFile(path: file).floats(0..<SyntheticCIFAR.testCount * 64)
    }
    #expect(features[0] == features[1])
  }

  @Test func `names of multi-GPU training and a classifier are understood`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", configuration: Self.small, ["--model", "resnet18"]))
    try succeeding(export(workshop, "run", to: "weights", ["--layout", "supcontrast"]))
    try rewrite(workshop, "weights", to: "wrapped") { tensors in
      let wrapped = tensors.map { tensor in tensor.renamed(tensor.name.replacing("encoder.", with: "encoder.module.")) }
      let bias: [Float] = [1, 2]
      tensors = wrapped + [NamedTensor(name: "fc.bias", shape: [2], elements: bias[...])]
    }
    let result = try succeeding(workshop.run(importing(workshop, "wrapped", "supcontrast", "resnet18", to: "again")))
    #expect(result.standardOutput.contains("fc.bias: left out"))
    let (hash, other) = (try workshop.weights(of: "run"), try workshop.weights(of: "again"))
    #expect(hash == other)
  }

  @Test func `a head of other widths is imported, and one of another kind left out`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", configuration: Self.small, ["--model", "resnet18"]))
    try succeeding(export(workshop, "run", to: "weights", ["--layout", "supcontrast"]))
    // Linear, BatchNorm without scale and shift, ReLU, Linear.
    try rewrite(workshop, "weights", to: "other") { tensors in
      tensors = tensors.map { tensor in tensor.renamed(tensor.name.replacing("head.2.", with: "head.3.")) }
    }
    let other = try succeeding(workshop.run(importing(workshop, "other", "supcontrast", "resnet18", to: "encoder")))
    #expect(other.standardOutput.contains("without projection head"), "\(other)")
    #expect(other.standardOutput.contains(": head.0.bias, head.0.weight, head.3.bias, head.3.weight\n"), "\(other)")
    try rewrite(workshop, "weights", to: "named") { tensors in
      tensors = tensors.map { tensor in tensor.renamed(tensor.name.replacing("head.0.", with: "head.bn1.")) }
    }
    let named = try succeeding(workshop.run(importing(workshop, "named", "supcontrast", "resnet18", to: "named-run")))
    #expect(named.standardOutput.contains("without projection head"), "\(named)")
    try rewrite(workshop, "weights", to: "narrow") { tensors in
      let shapes = ["head.0.weight": [48, 512], "head.0.bias": [48], "head.2.weight": [128, 48]]
      tensors = tensors.map { tensor in
        guard let shape = shapes[tensor.name] else { return tensor }
        return NamedTensor(name: tensor.name, shape: shape, elements: tensor.elements.prefix(shape.reduce(1, *)))
      }
    }
    try succeeding(workshop.run(importing(workshop, "narrow", "supcontrast", "resnet18", to: "narrow-run")))
    #expect(try workshop.text("narrow-run/config.yaml").contains("head-widths: 48,128\n"))
  }

  // MARK: - The classifier

  @Test func `the classifier goes along while it belongs to the encoder`() throws {
    let workshop = try Workshop()
    let options = ["--model", "resnet18", "--precision", "float32"]
    let configuration = ["--batch-size", "8", "--shard-size", "4", "--steps", "2", "--image-size", "16"]
    try succeeding(workshop.pretrain("run", configuration: configuration, options))
    try succeeding(
      workshop.run(["linear", "--run", workshop.path("run"), "--batch-size", "20", "--shard-size", "10"]))
    try succeeding(export(workshop, "run", to: "weights", []))
    let arguments = ["embed", "--run", workshop.path("run"), "--output", workshop.path("r.npy")]
    try succeeding(workshop.run(ranks: 3, arguments + ["--labels", workshop.path("y.npy")]))
    let (rows, labels) = (
      try NumPyFile(path: workshop.path("r.npy")), try NumPyFile(path: workshop.path("y.npy"))
    )
    #expect(rows.shape == [SyntheticCIFAR.testCount, 512] && labels.shape == [SyntheticCIFAR.testCount])
    let file = try SafetensorsFile(path: workshop.path("weights"), needsChecksum: false)
    let weight = try file.floats("fc.weight", shape: [10, 512])
    let bias = try file.floats("fc.bias", shape: [10])
    let classes = try labels.integers(0..<SyntheticCIFAR.testCount)
    var correct = 0
    for sample in 0..<SyntheticCIFAR.testCount {
      let row = try rows.floats(sample * 512..<(sample + 1) * 512)
      let logits = (0..<10).map { label in
        row.indices.reduce(bias[label]) { sum, column in sum + row[column] * weight[label * 512 + column] }
      }
      correct += logits.firstIndex(of: logits.max() ?? 0) == Int(classes[sample]) ? 1 : 0
    }
    // Rounding may move a sample that stands between two classes.
    let expected = try workshop.summary("run", stage: "linear").number("top1_correct")
    #expect(abs(Double(correct) - expected) <= 1)

    try succeeding(export(workshop, "run", to: "without", ["--no-classifier"]))
    #expect(try WeightsFile(path: workshop.path("without")).tensors["fc.weight"] == nil)
    try succeeding(workshop.resume("run", ["--steps", "3"]))
    let later = try succeeding(export(workshop, "run", to: "later", []))
    #expect(later.standardOutput.contains("belongs to the encoder of step 2 and is not used for that of step 3"))
    #expect(try WeightsFile(path: workshop.path("later")).tensors["fc.weight"] == nil)
  }

  @Test func `the classifier sees features of unit deviation, and none that does not vary`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", configuration: Self.small, ["--model", "resnet20"]))
    try succeeding(export(workshop, "run", to: "weights", ["--layout", "ge", "--part", "encoder"]))
    // Channel 63 enters with the zeros of the third group's shortcut, and no block adds to it.
    try rewrite(workshop, "weights", to: "dead") { tensors in
      tensors = tensors.map { tensor in
        guard tensor.name.hasPrefix("layer3."), tensor.name.contains(".bn2.") else { return tensor }
        let last: [Float] = tensor.name.hasSuffix("running_var") ? [1] : [0]
        return NamedTensor(name: tensor.name, shape: tensor.shape, elements: tensor.elements.dropLast() + last)
      }
    }
    try succeeding(workshop.run(importing(workshop, "dead", "ge", "resnet20", to: "dead-run")))
    let run = ["--run", workshop.path("dead-run")]
    try succeeding(workshop.run(["linear"] + run + ["--batch-size", "20", "--shard-size", "10", "--epochs", "1"]))
    try succeeding(workshop.run(["embed"] + run + ["--split", "train", "--output", workshop.path("rows.npy")]))

    let count = SyntheticCIFAR.trainingCount
    let rows = try NumPyFile(path: workshop.path("rows.npy")).floats(0..<count * 64)
    let classifier = try SafetensorsFile(path: workshop.path("dead-run/linear/classifier.safetensors"))
    let (means, factors) = (
      try classifier.floats("standardization.mean", shape: [64]),
      try classifier.floats("standardization.factor", shape: [64])
    )
    for feature in 0..<64 {
      let values = (0..<count).map { row in Double(rows[row * 64 + feature]) }
      let mean = values.reduce(0, +) / Double(count)
      let deviation = (values.reduce(0) { sum, value in sum + (value - mean) * (value - mean) } / Double(count - 1))
        .squareRoot()
      #expect(abs(Double(means[feature]) - mean) <= 1e-6 * mean)
      let error = Double(factors[feature]) * deviation - (feature == 63 ? 0 : 1)
      #expect(abs(error) < 1e-5, "feature \(feature): mean \(mean), deviation \(deviation)")
    }
    #expect(rows[63] == 0 && factors[63] == 0)
  }

  @Test func `a classifier trained beside the encoder or instead of the contrastive loss goes along`() throws {
    let workshop = try Workshop()
    let common = ["--model", "resnet18", "--head", "linear", "--batch-size", "4", "--shard-size", "2", "--steps", "1"]
    let size = ["--image-size", "16"]
    try succeeding(workshop.pretrain("joint", configuration: common + size, ["--cross-entropy-weight", "1"]))
    let data = ["--dataset", "cifar10", "--data", workshop.data]
    try succeeding(
      workshop.run(
        ["supervised", "--output", workshop.path("supervised"), "--model", "resnet18", "--batch-size", "4"] + data
          + ["--shard-size", "2", "--steps", "1"] + size))
    for run in ["joint", "supervised"] {
      let own = try WeightsFile(path: workshop.path("\(run)/classifier.safetensors"))
      try succeeding(export(workshop, run, to: "\(run).torchvision", []))
      let file = try WeightsFile(path: workshop.path("\(run).torchvision"))
      #expect(
        Set(file.tensors.keys)
          == (PyTorchNames.names("resnet18", shortcut: "downsample")).union(["fc.weight", "fc.bias"]))
      #expect(file.tensors["fc.weight"] == own.tensors["fc.weight"])
    }
    try succeeding(export(workshop, "joint", to: "model", ["--layout", "supcontrast"]))
    let names = try WeightsFile(path: workshop.path("model")).tensors.keys
    #expect(names.contains("head.weight") && !names.contains { name in name.hasPrefix("fc.") })
    let embed = ["embed", "--part", "model", "--output", workshop.path("z.npy"), "--run"]
    try succeeding(workshop.run(embed + [workshop.path("joint")]))

    let problem = ["--part model", "no projection head", "--part encoder"]
    expectRefusal(try workshop.run(embed + [workshop.path("supervised")]), 64, naming: problem)
    for options in [["--layout", "supcontrast", "--part", "model"], ["--format", "onnx", "--part", "model"]] {
      expectRefusal(try export(workshop, "supervised", to: "none", options), 64, naming: problem)
    }
    // Nothing was said about a head, and there is none.
    try succeeding(export(workshop, "supervised", to: "encoder", ["--layout", "supcontrast"]))
    let encoder = try WeightsFile(path: workshop.path("encoder")).tensors.keys
    #expect(Set(encoder) == PyTorchNames.names("resnet18", shortcut: "shortcut"))
  }

  @Test func `embeddings are the same on any ranks and have unit length`() throws {
    let workshop = try Workshop()
    let head = ["--head-widths", "48,24", "--embedding-width", "24", "--head-batch-norm"]
    try succeeding(workshop.pretrain("run", ["--steps", "2", "--image-size", "16"] + head))
    var files: [Data] = []
    for ranks in 1...3 {
      let path = workshop.path("z\(ranks).npy")
      let options = ["--run", workshop.path("run"), "--split", "train", "--part", "model", "--output", path]
      try succeeding(workshop.run(ranks: ranks, ["embed"] + options))
      files.append(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    #expect(files[0] == files[1] && files[0] == files[2])
    let rows = try NumPyFile(path: workshop.path("z1.npy"))
    #expect(rows.shape == [SyntheticCIFAR.trainingCount, 24])
    for sample in 0..<SyntheticCIFAR.trainingCount {
      let row = try rows.floats(sample * 24..<(sample + 1) * 24)
      #expect(abs(row.reduce(0) { sum, element in sum + element * element } - 1) < 1e-5)
    }
  }

  // MARK: - Bad input

  // LayoutRefusalTests has the others.
  @Test(arguments: [
    (["--layout", "torchvision"], ["--layout torchvision", "has no resnet20", "--layout ge"]),
    (["--layout", "ge"], ["without --normalize-encoder", "--part encoder"]),
    (["--format", "onnx", "--layout", "ge"], ["--layout ge", "leave the option out"]),
  ])
  func `a layout that cannot hold the model is refused`(options: [String], parts: [String]) throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", configuration: Self.small, []))
    expectRefusal(try export(workshop, "run", to: "weights", options), 64, naming: parts)
    #expect(!FileManager.default.fileExists(atPath: workshop.path("weights")))
  }

  @Test func `weights that do not fit are refused by name`() throws {
    let workshop = try Workshop()
    try succeeding(workshop.pretrain("run", configuration: Self.small, ["--model", "resnet18"]))
    try succeeding(export(workshop, "run", to: "weights", []))
    // On several ranks too, of which one reads the file: the first.
    var ranks = 3
    func expectRefusal(_ name: String, _ parts: [String], _ change: (inout [NamedTensor]) -> Void) throws {
      try rewrite(workshop, "weights", to: name, change)
      let result = try workshop.run(ranks: ranks, importing(workshop, name, "torchvision", "resnet18", to: "new"))
      SupconTests.expectRefusal(result, 65, naming: [workshop.path(name)] + parts)
      #expect(!FileManager.default.fileExists(atPath: workshop.path("new")))
      ranks = 1
    }
    try expectRefusal(
      "missing", ["resnet18", "is not a resnet18", "1 of its tensors is missing (first: layer1.0.bn1.running_mean)"]
    ) { tensors in
      tensors.removeAll { tensor in tensor.name == "layer1.0.bn1.running_mean" }
    }
    try rewrite(workshop, "weights", to: "projector") { tensors in
      tensors.append(tensors[0].renamed("projector.layer.0.weight"))
    }
    try succeeding(workshop.run(importing(workshop, "projector", "torchvision", "resnet18", to: "with-projector")))
    try expectRefusal("surplus", ["1 belongs to another model (first: layer5.weight)"]) { tensors in
      tensors.append(tensors[0].renamed("layer5.weight"))
    }
    try expectRefusal(
      "misshapen", ["1 differs in shape (first: layer4.1.bn2.bias, 1×512, expected 512)"]
    ) { tensors in
      tensors = tensors.map { tensor in
        tensor.name == "layer4.1.bn2.bias"
          ? NamedTensor(name: tensor.name, shape: [1, 512], elements: tensor.elements) : tensor
      }
    }
    try expectRefusal("nan", ["bn1.weight holds NaN or infinity"]) { tensors in
      tensors = tensors.map { tensor in
        guard tensor.name == "bn1.weight" else { return tensor }
        let elements = tensor.elements.dropLast() + [Float.nan]
        return NamedTensor(name: tensor.name, shape: tensor.shape, elements: elements)
      }
    }
    try expectRefusal(
      "all", ["100 of its tensors are missing (first: conv1.weight)", "1 belongs to another model (first: x)"]
    ) { tensors in
      tensors = [tensors[0].renamed("x")]
    }
    for model in ["resnet34", "resnet50"] {
      let result = try workshop.run(importing(workshop, "weights", "torchvision", model, to: "new"))
      SupconTests.expectRefusal(result, 65, naming: [model, "missing (first: layer"])
    }
    try workshop.expectRefusal(
      importing(workshop, "weights", "torchvision", "resnet18", to: "run"), 73, naming: [workshop.path("run")])
    try workshop.expectRefusal(
      importing(workshop, "nothing", "torchvision", "resnet18", to: "new"), 66, naming: [workshop.path("nothing")])
    try workshop.expectRefusal(
      importing(workshop, "weights", "ge", "resnet18", to: "new"), 64, naming: ["--layout ge", "has no resnet18"])
    try Data([0x50, 0x4B, 3, 4, 0, 0, 0, 0]).write(to: URL(fileURLWithPath: workshop.path("a.pth")))
    try workshop.expectRefusal(
      importing(workshop, "a.pth", "torchvision", "resnet18", to: "new"), 65,
      naming: ["a.pth", "torch.save", "safetensors.torch", "save_file"])
  }
}
