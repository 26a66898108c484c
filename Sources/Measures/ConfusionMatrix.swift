/// The confusion matrix: the number of samples of each class that were predicted as each class.
///
/// Precision of class c: correct predictions of c / predictions of c. Recall: correct predictions of c / samples of c.
/// 0 if undefined.
package struct ConfusionMatrix: Sendable {
  /// The numbers of samples, `[true class, predicted class]`.
  package private(set) var counts: [Int]
  /// The number of classes.
  package let classCount: Int

  /// Counts the pairs of true and predicted classes.
  package init(labels: [Int32], predictions: [Int32], classCount: Int) {
    self.classCount = classCount
    counts = Array(repeating: 0, count: classCount * classCount)
    for (label, prediction) in zip(labels, predictions) {
      counts[Int(label) * classCount + Int(prediction)] += 1
    }
  }

  /// The number of samples of class `label` that were predicted as class `prediction`.
  package subscript(label: Int, prediction: Int) -> Int { counts[label * classCount + prediction] }

  /// Returns the precision of a class.
  package func precision(_ label: Int) -> Double {
    ratio(self[label, label], (0..<classCount).reduce(0) { sum, row in sum + self[row, label] })
  }

  /// Returns the recall of a class.
  package func recall(_ label: Int) -> Double {
    ratio(self[label, label], (0..<classCount).reduce(0) { sum, column in sum + self[label, column] })
  }

  /// Formats the matrix as CSV: a row per true class, a column per predicted class, with names.
  package func csv(_ names: [String]) -> String {
    let header = (["true \\ predicted"] + names).map(CSV.field).joined(separator: ",")
    let lines = (0..<classCount).map { row in
      ([CSV.field(names[row])] + (0..<classCount).map { column in "\(self[row, column])" }).joined(separator: ",")
    }
    return ([header] + lines).map { line in line + "\n" }.joined()
  }

  private func ratio(_ part: Int, _ whole: Int) -> Double {
    whole == 0 ? 0 : Double(part) / Double(whole)
  }
}
