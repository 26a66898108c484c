import Configuration
import Datasets
import Formats
import Imaging
import Job
import MPI
import Runs

/// The inspection of a dataset: description of its contents, and the check that every image can be decoded.
package enum DatasetInspection {
  /// The description of one split, printed as text or JSON.
  private struct SplitReport {
    let split: Split
    /// The path of the folder or file.
    let place: String
    let count: Int
    /// The name and the number of images of each class, in the order of the labels.
    let classes: [(name: String, count: Int)]
    let survey: FolderDescription.Part
  }

  /// Prints a description of a dataset.
  ///
  /// Collective. Stored image statistics are used unless a file has changed.
  ///
  /// - Parameters:
  ///   - request: The dataset to describe.
  ///   - isJSON: True to print one JSON object instead of text.
  ///   - world: The ranks.
  ///   - report: Receives the output, on rank 0.
  /// - Throws: ``CollectiveError`` naming the missing or faulty file or option.
  package static func info(
    _ request: DatasetRequest, isJSON: Bool, over world: borrowing Communicator, report: Reporter
  ) throws {
    let reports = try reports(request, isFresh: false, over: world, report: isJSON ? .silent : report)
    // The reader of the output may make this rank wait.
    world.activity.begin("writing the result", allowsSilence: true)
    report(isJSON ? json(request, reports) : text(request, reports))
  }

  /// Decodes every image, ignoring stored statistics, and lists those that cannot be decoded.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The dataset to check.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` with exit code 65 if an image cannot be decoded.
  package static func verify(
    _ request: DatasetRequest, over world: borrowing Communicator, report: Reporter
  ) throws {
    let reports = try reports(request, isFresh: true, over: world, report: report)
    let bad = reports.flatMap(\.survey.bad)
    // The reader of the output may make this rank wait.
    world.activity.begin("writing the result", allowsSilence: true)
    for file in bad {
      report(file.reason)
    }
    let count = reports.reduce(0) { sum, part in sum + part.count }
    guard bad.isEmpty else {
      throw CollectiveError(
        error: RunError(
          .data, "\(request.title): \(bad.count) of \(counted(count, "image")) cannot be used; see above"))
    }
    let warnings = summary(reports).warnings
    for warning in warnings {
      report.warn(warning)
    }
    report(
      "\(request.title): \(count == 1 ? "the image" : "all \(count) images") can be "
        + (warnings.isEmpty ? "used" : "read; see \(warnings.count == 1 ? "the warning" : "the warnings") above"))
  }

  // MARK: - Inspection

  private static func reports(
    _ request: DatasetRequest, isFresh: Bool, over world: borrowing Communicator, report: Reporter
  ) throws -> [SplitReport] {
    let request = request.resolved(ranks: world.size)
    guard try request.isFolder(over: world) else {
      return try Split.allCases.compactMap { split in
        try fixedReport(request, split, isFresh: isFresh, over: world, report: report)
      }
    }
    var folder = DatasetFolder(request.configuration)
    // Bad images are collected, so that the check continues after the first.
    folder.isSkippingBad = true
    var reports: [SplitReport] = []
    for split in try folder.splits(over: world) {
      let listing = try folder.listing(split, over: world)
      for note in listing.notes {
        report.note(note)
      }
      var part = try folder.described(split, listing.index, isFresh: isFresh, over: world, report: report)
      part.bad += listing.unlisted.map { file in FolderDescription.Part.Bad(number: -1, file) }
      // Only rank 0 knows the files that it could not list.
      part = try world.broadcast(value: part)
      let index = listing.index
      reports.append(
        SplitReport(
          split: split, place: folder.place(of: index), count: index.count,
          classes: index.classNames.enumerated().map { label, name in (name, index.files(ofClass: label).count) },
          survey: part))
    }
    return reports
  }

  /// Returns the description of a split of a dataset that is not a folder of image files; `nil` if there is no such
  /// split.
  private static func fixedReport(
    _ request: DatasetRequest, _ split: Split, isFresh: Bool, over world: borrowing Communicator,
    report: Reporter
  ) throws -> SplitReport? {
    let dataset: any ImageDataset
    do {
      dataset = try DatasetChoice.open(
        request.configuration, split, needsLabels: false, allowsFallback: false, over: world, report: report)
    } catch let agreed as CollectiveError where split != .train && agreed.error.exitCode == .missing {
      return nil
    }
    if isFresh, split == .train, dataset.verifiableByteCount > 0 {
      let progress = ProgressLine(
        "reading \(request.title)", total: dataset.verifiableByteCount, activity: world.activity,
        report: world.isRoot ? report : nil)
      try world.onRoot { try dataset.verifyStorage { bytes in progress.update(bytes) } }
      progress.finish()
    }
    // A pack contains the statistics that were computed when it was written.
    let known = isFresh ? nil : dataset.storedSurvey
    let survey =
      try known
      ?? ImageSurvey(
        count: dataset.count, title: "looking at \(request.title)", threads: request.configuration.compute.threads,
        over: world,
        report: report, image: { (number) throws(FileError) in try dataset.image(at: number) },
        path: { number in dataset.name(at: number) })
    var counts = [Int](repeating: 0, count: dataset.classNames.count)
    for number in 0..<dataset.count {
      counts[dataset.label(at: number)] += 1
    }
    return SplitReport(
      split: split, place: request.title, count: dataset.count, classes: Array(zip(dataset.classNames, counts)),
      survey: FolderDescription.Part(FolderIndex(root: request.title), stamp: [], survey))
  }

  // MARK: - Output

  private static func text(_ request: DatasetRequest, _ reports: [SplitReport]) -> String {
    var lines: [String] = []
    for part in reports {
      let counts = part.classes.map(\.count)
      lines.append(
        "\(part.place), \(part.split.title): \(counted(part.count, "image")) in \(counted(counts.count { count in count > 0 }, "class")), "
          + "\(counts.min() ?? 0) to \(counts.max() ?? 0) in each")
      let survey = part.survey
      if let smallest = survey.smallest, let largest = survey.largest {
        let sizes = survey.sizes.map { size in "\(size.width)×\(size.height) (\(size.images))" }
        lines.append(
          survey.differentSizes == 1
            ? "  all of \(smallest.width)×\(smallest.height) pixels"
            : "  \(survey.differentSizes) sizes from \(smallest.width)×\(smallest.height) to \(largest.width)×\(largest.height): \(sizes.joined(separator: ", "))\(survey.differentSizes > sizes.count ? ", …" : "")"
        )
      }
      if let normalization = survey.normalization {
        lines.append(
          "  --mean \(channelText(normalization.mean)) --std \(channelText(normalization.standardDeviation))"
        )
      }
      if !survey.bad.isEmpty {
        lines.append("  \(counted(survey.bad.count, "bad file")); supcon dataset verify lists them")
      }
      lines.append(
        "  " + part.classes.prefix(100).map { name, count in "\(name) \(count)" }.joined(separator: ", ")
          + (part.classes.count > 100 ? ", …" : ""))
    }
    lines += summary(reports).warnings.map { warning in "warning: \(warning)" }
    return lines.joined(separator: "\n")
  }

  private static func summary(_ reports: [SplitReport]) -> DatasetSummary {
    DatasetSummary(reports.map { part in part.survey.summary(part.split, part.classes) })
  }

  private static func json(_ request: DatasetRequest, _ reports: [SplitReport]) -> String {
    func size(_ size: FolderDescription.Part.SizeCount?) -> JSONValue {
      guard let size else { return .null }
      return .object([
        "width": .integer(size.width), "height": .integer(size.height), "images": .integer(size.images),
      ])
    }
    func numbers(_ numbers: [Float]?) -> JSONValue {
      // The shortest decimal number that reads back as this float, instead of its exact binary value.
      numbers.map { numbers in .list(numbers.map { number in .number(Double("\(number)") ?? .nan) }) } ?? .null
    }
    var fields: [String: JSONValue] = ["data": .text(request.title)]
    for part in reports {
      fields[part.split.rawValue] = .object([
        "images": .integer(part.count),
        "classes": .list(
          part.classes.map { name, count in .object(["name": .text(name), "images": .integer(count)]) }),
        "different_sizes": .integer(part.survey.differentSizes), "sizes": .list(part.survey.sizes.map(size)),
        "smallest": size(part.survey.smallest), "largest": size(part.survey.largest),
        "mean": numbers(part.survey.mean), "standard_deviation": numbers(part.survey.standardDeviation),
        "image_size": .integer(part.survey.imageSize), "bad": .integer(part.survey.bad.count),
        "without_contrast": .integer(part.survey.contrast.withoutContrast),
      ])
    }
    fields["warnings"] = .list(summary(reports).warnings.map { warning in .text(warning) })
    return JSONValue.object(fields).encoded()
  }
}
