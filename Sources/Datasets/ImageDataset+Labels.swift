extension ImageDataset {
  /// The labels of all samples.
  package var labels: [Int32] {
    (0..<count).map { index in Int32(label(at: index)) }
  }

  /// The number of samples of each class that has any.
  package var classCounts: [Int] {
    var counts = [Int](repeating: 0, count: classNames.count)
    for sample in 0..<count { counts[label(at: sample)] += 1 }
    return counts.filter { count in count > 0 }
  }
}
