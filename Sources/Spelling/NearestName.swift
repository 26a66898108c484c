extension Sequence<String> {
  /// Returns the name that a mistyped one most likely means; `nil` if none is similar enough.
  ///
  /// If exactly one name begins with the mistyped text, it is returned. Otherwise a name is similar if at most `limit`
  /// letters must be inserted, removed or replaced, and fewer than the name has.
  public func nearest(to mistyped: String, within limit: Int = 3) -> String? {
    let completions = filter { name in mistyped.count > 1 && name.hasPrefix(mistyped) }
    if completions.count == 1 {
      return completions[0]
    }
    let candidates = map { name in (name: name, distance: editDistance(mistyped, name)) }
    let nearest = candidates.min { one, other in one.distance < other.distance }
    return nearest.flatMap { nearest in
      nearest.distance <= limit && nearest.distance < nearest.name.count ? nearest.name : nil
    }
  }
}

/// Returns the number of letters that must be inserted, removed or replaced to turn one text into the other
/// (Levenshtein distance).
private func editDistance(_ first: String, _ second: String) -> Int {
  let columns = Array(second)
  var previous = Array(0...columns.count)
  for (row, letter) in first.enumerated() {
    var current = [row + 1]
    for column in columns.indices {
      let replacement = previous[column] + (letter == columns[column] ? 0 : 1)
      current.append(Swift.min(replacement, previous[column + 1] + 1, current[column] + 1))
    }
    previous = current
  }
  return previous[columns.count]
}
