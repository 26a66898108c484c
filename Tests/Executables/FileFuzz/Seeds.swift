import Configuration
import Formats
import Foundation
import Imaging
import TestSupport

/// Small whole files of the formats that supcon writes itself.
enum Seeds {
  /// Writes them into a folder, made anew.
  static func write(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (index, shapes) in [[[3]], [[2, 3], [4], []], [[1, 1, 2, 2], [0], [5, 1]]].enumerated() {
      let tensors = shapes.enumerated().map { place, shape in
        let elements = (0..<shape.reduce(1, *)).map { number in Float(number) - 0.5 }
        return NamedTensor(name: "layer\(place).weight", shape: shape, elements: elements[...])
      }
      let path = "\(folder)/\(index).safetensors"
      try SafetensorsWriter.write(to: path, metadata: ["format": "pt", "step": "12"], tensors: tensors)
    }
    for (type, shape) in [("<f4", [3, 2]), ("<f8", [4]), ("<i8", []), ("<i4", [2, 1, 2])] {
      let count = shape.reduce(1, *)
      let width = type.last == "8" ? 8 : 4
      let bytes = (0..<count * width).map { index in UInt8(truncatingIfNeeded: index * 37) }
      try NumPyWriter.write(to: "\(folder)/\(type.dropFirst())-\(shape.count).npy", elementType: type, shape: shape) {
        append throws(FileError) in
        unsafe try append(bytes.span.bytes)
      }
    }
    for configuration in NamedRecipe.all {
      try Data(configuration.yaml.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(configuration.name).yaml"))
    }
    let summary =
      #"{"command": "pretrain", "steps": 12, "final_loss": 4.25e-1, "note": "\u00e9\n", "list": [1, null, true, {"a": []}]}"#
    try Data(summary.utf8).write(to: URL(fileURLWithPath: "\(folder)/summary.json"))
  }
}
