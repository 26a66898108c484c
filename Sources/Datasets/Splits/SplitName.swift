/// A folder name interpreted as that of a split: `Train`, `valid`, `testing`, `seg_train`, `train2017`, `test-images`.
///
/// A name alone decides nothing, because `bullet_train` may be a class. ``FolderLayout`` also considers the structure
/// of the folders.
package struct SplitName: Sendable, Equatable {
  /// The split that the name means.
  package let split: Split
  /// True if the name is exactly a word for a split, in upper or lower case.
  package let isExact: Bool

  private static let words: [String: Split] = [
    "train": .train, "training": .train, "trn": .train, "trainval": .train,
    "val": .validation, "valid": .validation, "validation": .validation, "validate": .validation, "dev": .validation,
    "eval": .validation, "evaluation": .validation,
    "test": .test, "testing": .test, "tst": .test,
  ]
  /// The words that may follow a split's word without a separator, as in `trainset`.
  private static let suffixes = ["set", "data", "images", "image", "imgs", "img", "split"]

  /// Interprets a name.
  ///
  /// - Returns: `nil` if no word of the name means a split, or if its words mean different splits.
  package init?(_ name: String) {
    if let split = Self.words[name.lowercased()] {
      (self.split, isExact) = (split, true)
      return
    }
    let found = Set(Self.parts(of: name).compactMap(Self.split(of:)))
    // `train_val` is the union of both splits, to be trained on.
    guard let split = found.count == 1 ? found.first : found == [.train, .validation] ? .train : nil else { return nil }
    (self.split, isExact) = (split, false)
  }

  /// Splits a name into words at non-letters and before a capital that follows a small letter.
  static func parts(of name: String) -> [String] {
    var parts = [""]
    var isAfterSmall = false
    for character in name {
      if !character.isLetter {
        parts.append("")
      } else if character.isUppercase && isAfterSmall {
        parts.append(character.lowercased())
      } else {
        parts[parts.count - 1] += character.lowercased()
      }
      isAfterSmall = character.isLowercase
    }
    return parts.filter { part in !part.isEmpty }
  }

  private static func split(of word: String) -> Split? {
    if let split = words[word] { return split }
    return suffixes.first(where: word.hasSuffix).flatMap { suffix in words[String(word.dropLast(suffix.count))] }
  }
}
