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
