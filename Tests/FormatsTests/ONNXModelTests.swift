import Formats
import TestSupport
import Testing

struct ONNXModelTests {
  /// Two numbers through one linear map.
  private func smallModel() -> ONNXModel {
    var model = ONNXModel(
      name: "small", producer: ("supcon", "1.2.3"), inputs: [ONNXModel.Value("x", [.symbolic("N"), .fixed(300)])])
    let weights: [Float] = [1, -2, 0.5]
    model.weights = [NamedTensor(name: "w", shape: [1, 3], elements: weights[...])]
    model.constants = [("ends", [.max, -1])]
    model.nodes = [
      ONNXModel.Node(
        "Gemm", ["x", "w"], output: "y",
        [("alpha", .number(0.5)), ("transB", .integer(1)), ("odd", .integers([-1, 300, 0]))])
    ]
    model.outputs = [ONNXModel.Value("y", [.symbolic("N"), .fixed(1)])]
    return model
  }

  @Test func `every field comes back`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.onnx")
    try smallModel().write(to: path)
    let file = try ONNXFile(readBytes(path))
    #expect(file.model.numbers(1) == [8], "version of the format")
    #expect(file.model.texts(2) == ["supcon"] && file.model.texts(3) == ["1.2.3"])
    let operators = try file.model.messages(8)
    #expect(operators.count == 1 && operators[0].numbers(2) == [17] && operators[0].texts(1) == [""])
    #expect(file.nodes.count == 1)
    #expect(file.nodes[0].operation == "Gemm" && file.nodes[0].inputs == ["x", "w"] && file.nodes[0].outputs == ["y"])
    #expect(file.nodes[0].numbers == ["alpha": [], "transB": [1], "odd": [-1, 300, 0]])
    #expect(file.inputs == ["x": ["N", "300"]] && file.outputs == ["y": ["N", "1"]])
    let weight = try #require(file.tensors["w"])
    // 1.0 is 3f800000, −2.0 is c0000000 and 0.5 is 3f000000, least significant byte first.
    #expect(weight.shape == [1, 3] && Array(weight.bytes) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0x3F])
    let ends = try #require(file.tensors["ends"])
    #expect(ends.shape == [2])
    #expect(Array(ends.bytes) == Array(repeating: 0xFF, count: 7) + [0x7F] + Array(repeating: 0xFF, count: 8))
    let graph = try #require(try file.model.messages(7).first)
    #expect(try graph.messages(5).map { tensor in tensor.numbers(2) } == [[1], [7]], "float32 and int64")
    let attributes = try #require(try graph.messages(1).first).messages(5)
    #expect(attributes[0][2] == [.fourBytes(Float(0.5).bitPattern)])
    #expect(attributes.map { attribute in attribute.numbers(20) } == [[1], [2], [7]])
  }

  /// By hand, from the description of the wire format.
  @Test func `the bytes are the wire format's`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.onnx")
    try smallModel().write(to: path)
    let bytes = try readBytes(path)
    let start: [UInt8] = [0x08, 8, 0x12, 6] + Array("supcon".utf8) + [0x1A, 5] + Array("1.2.3".utf8) + [0x3A]
    #expect(Array(bytes.prefix(start.count)) == start)
    #expect(Array(bytes.suffix(6)) == [0x42, 4, 0x0A, 0, 0x10, 17])
    // 300 = 0b10_0101100: the lower seven bits come first, in field 1 of a dimension.
    #expect(bytes.firstRange(of: [0x0A, 3, 0x08, 0xAC, 0x02]) != nil)
  }

  @Test func `a file that cannot be written leaves nothing`() throws {
    let directory = try TemporaryDirectory()
    let error = try #require(throws: FileError.self) { try smallModel().write(to: directory.file("no/a.onnx")) }
    #expect(error.kind == .creation)
    #expect(try directory.names().isEmpty)
  }
}
