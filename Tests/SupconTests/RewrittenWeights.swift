import Formats

/// Writes the float32 tensors of a file in a workshop again with a change; the counters of steps are left out, which
/// import does not need.
func rewrite(
  _ workshop: Workshop, _ name: String, to other: String, _ change: (inout [NamedTensor]) -> Void
) throws {
  let file = try SafetensorsFile(path: workshop.path(name), needsChecksum: false)
  let entries = file.entries.filter { _, entry in entry.type == .float32 }.sorted { one, two in one.key < two.key }
  var tensors = try entries.map { name, entry in
    let floats = try file.floats(name, shape: entry.shape)
    return NamedTensor(name: name, shape: entry.shape, elements: floats[...])
  }
  change(&tensors)
  try SafetensorsWriter.write(to: workshop.path(other), metadata: [:], tensors: tensors)
}

extension NamedTensor {
  /// Returns the tensor under another name.
  func renamed(_ name: String) -> NamedTensor {
    NamedTensor(name: name, shape: shape, elements: elements)
  }
}
