extension RunDirectory {
  /// Returns the last components of paths, as many of each as make it differ from the others.
  package static func names(ofPaths paths: [String]) -> [String] {
    let components = paths.map { path in path.split(separator: "/").filter { part in part != "." } }
    var lengths = [Int](repeating: 1, count: paths.count)
    while true {
      let names = paths.indices.map { index -> String in
        let name = components[index].suffix(lengths[index]).joined(separator: "/")
        return name.isEmpty ? paths[index] : name
      }
      let repeated = names.indices.filter { index in names.count { name in name == names[index] } > 1 }
      let extensible = repeated.filter { index in lengths[index] < components[index].count }
      guard !extensible.isEmpty else {
        // Only different spellings of one path are left.
        return names.indices.map { index in repeated.contains(index) ? paths[index] : names[index] }
      }
      for index in extensible { lengths[index] += 1 }
    }
  }
}
