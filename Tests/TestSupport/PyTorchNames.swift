/// The names that PyTorch's ResNets give to their tensors, written from the models' definitions.
public enum PyTorchNames {
  /// The number of blocks in each group, and true for blocks of three convolutions.
  public static let encoders: [String: (counts: [Int], hasBottlenecks: Bool)] = [
    "resnet20": ([3, 3, 3], false), "resnet32": ([5, 5, 5], false), "resnet44": ([7, 7, 7], false),
    "resnet56": ([9, 9, 9], false), "resnet110": ([18, 18, 18], false), "resnet1202": ([200, 200, 200], false),
    "resnet18": ([2, 2, 2, 2], false), "resnet34": ([3, 4, 6, 3], false), "resnet50": ([3, 4, 6, 3], true),
    "resnet101": ([3, 4, 23, 3], true), "resnet152": ([3, 8, 36, 3], true), "resnet200": ([3, 24, 36, 3], true),
  ]

  /// The names of an encoder's tensors in PyTorch, where `shortcut` names a projection.
  public static func names(_ encoder: String, shortcut: String?) -> Set<String> {
    guard let (counts, hasBottlenecks) = encoders[encoder] else { preconditionFailure("no encoder \(encoder)") }
    func normalization(_ name: String) -> [String] {
      ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].map { kind in "\(name).\(kind)" }
    }
    var names = ["conv1.weight"] + normalization("bn1")
    for (group, count) in counts.enumerated() {
      for block in 0..<count {
        let name = "layer\(group + 1).\(block)"
        for place in 1...(hasBottlenecks ? 3 : 2) {
          names += ["\(name).conv\(place).weight"] + normalization("\(name).bn\(place)")
        }
        if let shortcut, block == 0, group > 0 || hasBottlenecks {
          names += ["\(name).\(shortcut).0.weight"] + normalization("\(name).\(shortcut).1")
        }
      }
    }
    return Set(names)
  }
}
