/// The classes, image counts and image statistics of all splits of a dataset, for checks before training.
package struct DatasetSummary: Sendable {
  /// The summary of one split.
  package struct Part: Sendable {
    /// The split.
    package let split: Split
    /// The names of the classes, in the order of the labels.
    package let classNames: [String]
    /// The number of images of each class.
    package let counts: [Int]
    /// The image statistics; `nil` if the images were not decoded.
    package let survey: ImageSurvey?

    package init(_ split: Split, classNames: [String], counts: [Int], survey: ImageSurvey?) {
      precondition(classNames.count == counts.count, "\(classNames.count) classes, \(counts.count) counts")
      self.split = split
      self.classNames = classNames
      self.counts = counts
      self.survey = survey
    }

    /// Counts the images of each class in an opened dataset.
    package init(_ split: Split, _ dataset: any ImageDataset, survey: ImageSurvey? = nil) {
      var counts = [Int](repeating: 0, count: dataset.classNames.count)
      for index in 0..<dataset.count {
        counts[dataset.label(at: index)] += 1
      }
      self.init(split, classNames: dataset.classNames, counts: counts, survey: survey ?? dataset.storedSurvey)
    }

    /// The number of images.
    package var count: Int { counts.reduce(0, +) }

    /// The names of the classes that have images.
    package var presentClasses: [String] {
      zip(classNames, counts).filter { _, count in count > 0 }.map { name, _ in name }
    }

    /// The image counts of the first classes, as one line of text.
    package var classText: String {
      guard count > 0 else { return "\(split.title): no images" }
      guard classNames != [FolderScan.unlabeledClass] else {
        return "\(split.title): \(number(count, "image")) without labels"
      }
      let shown = zip(classNames, counts).prefix(12).map { name, count in "\(name) \(count)" }
      return
        "\(split.title): \(number(count, "image")) in \(presentClasses.count) \(presentClasses.count == 1 ? "class" : "classes"): \(shown.joined(separator: ", "))"
        + (counts.count > shown.count ? ", …" : "")
    }
  }

  /// The summaries of the splits, the training set first.
  package let parts: [Part]

  package init(_ parts: [Part]) {
    self.parts = parts
  }

  private var training: Part? { parts.first { part in part.split == .train } }

  /// Returns the classes of a split that have no training image.
  package func classesNotTrained(_ split: Split) -> [String] {
    missing(from: training, in: parts.first { part in part.split == split })
  }

  /// Returns the classes of the training set that have no image in a split.
  package func classesWithoutImages(in split: Split) -> [String] {
    missing(from: parts.first { part in part.split == split }, in: training)
  }

  private func missing(from part: Part?, in other: Part?) -> [String] {
    guard let part, let other else { return [] }
    let present = Set(part.presentClasses)
    return other.presentClasses.filter { name in !present.contains(name) }
  }

  /// The warnings about properties of the dataset that will make a later stage fail or its result worthless.
  package var warnings: [String] {
    var warnings: [String] = []
    for part in parts {
      if part.split != .train {
        let unknown = classesNotTrained(part.split)
        if !unknown.isEmpty {
          warnings.append("\(part.split.title) has classes without a training image: \(list(unknown))")
        }
        let absent = classesWithoutImages(in: part.split)
        if !absent.isEmpty {
          warnings.append("\(part.split.title) has no image of \(list(absent))")
        }
      }
      if let contrast = part.survey?.contrast.warning() {
        warnings.append("\(part.split.title): \(contrast)")
      }
      if let bad = part.survey?.bad, let first = bad.min(by: { one, other in one.key < other.key }) {
        warnings.append(
          "\(part.split.title): \(number(bad.count, "file")) cannot be used, the first: \(first.value.reason)")
      }
    }
    return warnings
  }
}

/// Formats a count with its noun in singular or plural.
private func number(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
