import Formats
import Foundation
import Testing
import WeightExchange

/// Names and files of other programs where weights are imported.
struct ForeignNamesTests {
  /// Names of a ResNet's first tensors.
  private static let names = ["conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "layer2.1.bn2.bias"]

  private func prefix(_ names: [String], _ layout: WeightLayout = .torchvision, given: String? = nil) throws
    -> WeightPrefix
  {
    try WeightPrefix.chosen(given, of: names, layout, path: "w")
  }

  @Test(arguments: [
    "", "module.", "_orig_mod.", "backbone.", "encoder.", "model.", "state_dict.", "state_dict.backbone.",
    "module.encoder_q.", "model.module._orig_mod.net.", "state_dict.model.student.backbone.",
  ])
  func `one common beginning is found, also with wrappers inside`(start: String) throws {
    let others = ["queue", "state_dict_version", "head.fc.weight"]
    let found = try prefix(Self.names.map { name in start + name } + others)
    for name in Self.names {
      #expect(found.modelName(of: start + name) == name)
    }
    #expect(found.text.isEmpty || found.modelName(of: "queue") == nil)
  }

  @Test func `SupContrast's models keep their head, wherever wrappers are`() throws {
    let own = Self.names.map { name in "encoder.\(name)" } + ["head.0.weight"]
    let wrapped = own.map { name in "model." + name.replacingOccurrences(of: "encoder.", with: "encoder.module.") }
    let found = try prefix(wrapped, .supcontrast)
    #expect(wrapped.map { name in found.modelName(of: name) } == own)
    #expect(found.part == .model)
    #expect(try prefix(Self.names, .supcontrast).part == .encoder)
  }

  @Test func `of several encoders one must be chosen`() throws {
    let names = ["encoder_q.", "encoder_k."].flatMap { start in Self.names.map { name in start + name } }
    let error = #expect(throws: FileError.self) { try prefix(names) }
    #expect(error?.description.contains("(encoder_k, encoder_q); choose one with --prefix") == true)
    #expect(try prefix(names, given: "encoder_q").modelName(of: "encoder_q.conv1.weight") == "conv1.weight")
    #expect(try prefix(names, given: "encoder_q.").modelName(of: "encoder_k.conv1.weight") == nil)
    let none = #expect(throws: FileError.self) { try prefix(names, given: "backbone") }
    #expect(none?.description.contains("found: encoder_k, encoder_q") == true)
  }

  @Test(
    arguments: [
      ("m.onnx", [0x08, 0x08, 0x12, 7] + Array("pytorch".utf8), "is an ONNX file"),
      ("m.bin", [0x08, 0x07, 0x3A, 200], "is an ONNX file"), ("m.tar.gz", [0x1F, 0x8B, 8, 0], "is an archive; unpack"),
      ("m.h5", [0x89] + Array("HDF\r\n".utf8), "is an HDF5 file"),
      ("m.npy", [0x93] + Array("NUMPY".utf8), "NumPy array"),
      ("m.pth", [0x80, 0x02, 0x8A, 10], "was written by torch.save"),
    ] as [(String, [UInt8], String)])
  func `files of other formats are named with what to do`(name: String, start: [UInt8], problem: String) throws {
    let text = try refusal(name, start)
    #expect(text.contains(problem), "\(text)")
  }

  @Test func `archives are told by what they hold`() throws {
    func zip(_ entry: String) -> [UInt8] {
      [0x50, 0x4B, 3, 4] + Array(repeating: 0, count: 22) + [UInt8(entry.utf8.count), 0, 0, 0] + Array(entry.utf8)
    }
    #expect(try refusal("it's here.pt", zip("archive/data.pkl")).hasSuffix(#"it'\''s here.pt.safetensors'"#))
    #expect(try refusal("w.npz", zip("conv1.weight.npy")).contains("is a NumPy archive"))
    #expect(try refusal("w.zip", zip("train/cat/1.png")).contains("is a ZIP archive; unpack"))
  }

  private func refusal(_ name: String, _ bytes: [UInt8]) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("supcon-test-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent(name).path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: FileError.self) { try WeightFileFormat.open(path) }
    return error?.description ?? "accepted"
  }
}
