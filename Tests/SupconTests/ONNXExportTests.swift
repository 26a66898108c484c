import Foundation
import TestSupport
import Testing

/// `supcon export --format onnx`: the operations of the model in order, on the weights of the run.
struct ONNXExportTests {
  private func exported(_ model: [String], _ options: [String]) throws -> (file: ONNXFile, weights: WeightsFile) {
    let workshop = try Workshop()
    let configuration = ["--batch-size", "2", "--shard-size", "2", "--steps", "1"]
    try succeeding(workshop.pretrain("run", configuration: configuration, model))
    try succeeding(
      workshop.run(
        ["export", "--run", workshop.path("run"), "--format", "onnx", "--output", workshop.path("m.onnx")] + options))
    let file = try ONNXFile(readBytes(workshop.path("m.onnx")))
    let names = try FileManager.default.contentsOfDirectory(atPath: workshop.path(".")).sorted()
    #expect(names == ["data", "m.onnx", "run"], "nothing temporary stays")
    return (file, try WeightsFile(path: workshop.path("run/checkpoints/latest")))
  }

  /// Checks that every node's inputs precede it, that nothing is left over, and that the weights are the run's.
  private func check(_ file: ONNXFile, _ weights: WeightsFile, prefixes: [String]) {
    var known = Set(file.inputs.keys).union(file.tensors.keys)
    var used: Set<String> = []
    for node in file.nodes {
      #expect(known.isSuperset(of: node.inputs), "\(node.operation) \(node.outputs)")
      #expect(known.isDisjoint(with: node.outputs), "\(node.outputs) twice")
      known.formUnion(node.outputs)
      used.formUnion(node.inputs)
    }
    let unused = known.subtracting(used).subtracting(file.outputs.keys)
    #expect(unused.isEmpty)
    #expect(known.isSuperset(of: file.outputs.keys))
    let own = weights.tensors.filter { name, _ in prefixes.contains { prefix in name.hasPrefix(prefix) } }
    for (name, bytes) in own {
      #expect(file.tensors[name].map { tensor in Data(tensor.bytes) } == bytes, "\(name)")
    }
    let others = file.tensors.keys.filter { name in own[name] == nil }
    #expect(others.allSatisfy { name in name.contains(".kept") || name.hasPrefix("value") }, "\(others)")
  }

  private func counts(_ file: ONNXFile) -> [String: Int] {
    Dictionary(grouping: file.nodes, by: \.operation).mapValues(\.count)
  }

  @Test func `ResNet-20 with its head`() throws {
    let options = ["--head-widths", "48,128", "--head-batch-norm", "--normalize-encoder"]
    let (file, weights) = try exported(options, ["--part", "model"])
    check(file, weights, prefixes: ["encoder.", "head."])
    #expect(
      counts(file) == [
        "Conv": 19, "BatchNormalization": 20, "Relu": 20, "Add": 9, "Slice": 2, "Pad": 2, "GlobalAveragePool": 1,
        "Flatten": 1, "Gemm": 2, "LpNormalization": 2,
      ])
    #expect(file.inputs == ["images": ["N", "3", "height", "width"]])
    #expect(file.outputs == ["representations": ["N", "64"], "embeddings": ["N", "128"]])
    let strides = file.nodes.compactMap { node in node.numbers["strides"] }
    #expect(strides.filter { numbers in numbers == [2, 2] }.count == 2)
    let pads = file.nodes.filter { node in node.operation == "Pad" }.map { node in
      file.tensors[node.inputs[1]].map { tensor in
        tensor.bytes.enumerated().filter { $0.offset % 8 == 0 }.map(\.element)
      }
    }
    // 8 and 16 channels of zeros on either side.
    #expect(pads == [[0, 8, 0, 0, 0, 8, 0, 0], [0, 16, 0, 0, 0, 16, 0, 0]])
    #expect(file.nodes.first { node in node.operation == "Gemm" }?.inputs.count == 2, "no bias before a normalization")
  }

  @Test(arguments: [("unit", Float(1)), ("levels", 255)])
  func `mean and deviation are the first operators on request`(_ input: String, _ full: Float) throws {
    let (file, _) = try exported([], ["--onnx-input", input])
    #expect(file.nodes.prefix(2).map(\.operation) == ["Sub", "Div"])
    #expect(file.nodes[0].inputs == ["images", "input.mean"] && file.nodes[2].operation == "Conv")
    #expect(file.nodes[1].inputs == [file.nodes[0].outputs[0], "input.std"])
    #expect(file.nodes[2].inputs.first == file.nodes[1].outputs[0])
    // CIFAR-10's.
    for (name, values) in [("mean", [0.4914, 0.4822, 0.4465]), ("std", [0.2023, 0.1994, 0.2010])] {
      let tensor = try #require(file.tensors["input.\(name)"])
      #expect(tensor.shape == [1, 3, 1, 1])
      let found = floats(Array(tensor.bytes))
      #expect(
        zip(found, values).allSatisfy { one, other in abs(one / full - Float(other)) < 2e-3 } && found.count == 3,
        "\(found)")
    }
  }

  private func floats(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(0) { word, byte in word | UInt32(bytes[start + byte]) << (8 * byte) })
    }
  }

  @Test func `safetensors hold no operations`() throws {
    let workshop = try Workshop()
    expectRefusal(
      try workshop.run(["export", "run", "--output", "x.safetensors", "--onnx-input", "unit"]), 64,
      naming: ["--onnx-input unit", "--format onnx"])
  }

  // The graph of the full width, on a sixteenth of its weights.
  @Test func `ResNet-50 with the ImageNet stem`() throws {
    let (file, weights) = try exported(
      ["--model", "resnet50", "--stem", "imagenet", "--width-multiplier", "0.25"], [])
    check(file, weights, prefixes: ["encoder."])
    #expect(
      counts(file) == [
        "Conv": 53, "BatchNormalization": 53, "Relu": 49, "Add": 16, "MaxPool": 1, "GlobalAveragePool": 1, "Flatten": 1,
      ])
    #expect(file.outputs == ["representations": ["N", "512"]])
    #expect(file.nodes[0].numbers == ["kernel_shape": [7, 7], "strides": [2, 2], "pads": [3, 3, 3, 3]])
    #expect(file.nodes[3].numbers == ["kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]])
  }
}
