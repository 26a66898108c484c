/// The rank of the correct class of a sample among all classes, ordered by score.
package enum ClassRank {
  /// Returns the number of classes with a higher score than `label`, or with an equal score and a lower index.
  ///
  /// - Parameters:
  ///   - label: The class whose rank is computed.
  ///   - scores: The score of each class. A class whose score is NaN ranks last.
  /// - Returns: The rank, starting at 0.
  package static func rank(of label: Int, in scores: ArraySlice<Float>) -> Int {
    let own = scores[scores.startIndex + label]
    guard !own.isNaN else { return scores.count }
    return scores.indices.count { index in
      scores[index] > own || (scores[index] == own && index - scores.startIndex < label)
    }
  }
}
