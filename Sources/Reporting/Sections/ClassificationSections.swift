import Configuration
import Datasets
import Evaluation
import Measures

/// The report's sections about classification: confusion matrix, table of classes, most confident mistakes, and
/// reliability diagram.
package struct ClassificationSections {
  let study: ImageStudy
  let classification: ClassificationStudy
  let classNames: [String]

  /// The largest number of classes for which the whole confusion matrix is shown.
  private static let matrixLimit = 25
  private static let pairLimit = 20

  private var setName: String { study.sets?.testName ?? "test" }

  var confusion: Page.Section {
    let matrix = classNames.count <= Self.matrixLimit ? matrixTable : pairs
    return Page.Section(
      name: "classes", title: study.titled("Classes and confusions"),
      content: """
        <p>Predictions of \(classification.source) for \(counted(classification.probabilities.labels.count, "\(setName) image")): \(percent(classification.accuracy)) right.</p>
        <div class="grid wide">\(matrix)\(Self.classes(classification.confusion, classNames, setName))</div>
        """)
  }

  private var matrixTable: Markup {
    let heads = classNames.map { name in "<th scope=\"col\">\(name)</th>" as Markup }
    let confusion = classification.confusion
    let rows = classNames.indices.map { label -> Markup in
      let total = max((0..<classNames.count).reduce(0) { sum, column in sum + confusion[label, column] }, 1)
      let cells = classNames.indices.map { prediction -> Markup in
        let count = confusion[label, prediction]
        // The tint is weak enough that the numbers remain readable.
        let tint = Double(Int(50 * Double(count) / Double(total) + 0.5)) / 100
        let style: Markup =
          tint > 0 ? " style=\"background:rgba(var(--heat),\(Markup(stringLiteral: "\(tint)")))\"" : ""
        return "<td\(label == prediction ? " class=\"own\"" : "" as Markup)\(style)>\(count)</td>"
      }
      return "<tr><th scope=\"row\">\(classNames[label])</th>\(cells)</tr>"
    }
    let caption = "Confusion matrix: rows are the true classes, columns the predicted ones"
    return Elements.scrolling(
      caption,
      """
      <table class="matrix"><caption>\(caption)</caption><thead><tr><th scope="col">true \\ predicted</th>\(heads)</tr></thead><tbody>\(rows)</tbody></table>
      """)
  }

  /// The table of the most frequent confusions, shown if the whole matrix would be too large.
  private var pairs: Markup {
    let confusion = classification.confusion
    let all = classNames.indices.flatMap { label in
      classNames.indices.filter { other in other != label && confusion[label, other] > 0 }.map { other in
        (label, other, confusion[label, other])
      }
    }.sorted { one, other in (-one.2, one.0, one.1) < (-other.2, other.0, other.1) }
    return Elements.table(
      "The most frequent of \(counted(all.count, "confusion")) (supcon evaluate writes the whole matrix)",
      header: ["true class", "predicted class", "images"],
      rows: all.prefix(Self.pairLimit).map { label, other, count in
        ["\(classNames[label])", "\(classNames[other])", "\(count)"]
      }, numeric: 2..<3)
  }

  /// Returns the table of classes; a class without images has no recall, one without predictions no precision.
  package static func classes(_ confusion: ConfusionMatrix, _ classNames: [String], _ setName: String) -> Markup {
    let rows = classNames.indices.map { label -> [Markup] in
      let count = classNames.indices.reduce(0) { sum, column in sum + confusion[label, column] }
      let predicted = classNames.indices.reduce(0) { sum, row in sum + confusion[row, label] }
      return [
        "\(classNames[label])", "\(count)", "\(count > 0 ? percent(confusion.recall(label)) : "–")",
        "\(predicted > 0 ? percent(confusion.precision(label)) : "–")",
      ]
    }
    return Elements.table(
      "Classes: recall is the share of a class's images that are found, precision the share of its predictions that are right",
      header: ["class", "\(setName) images", "recall", "precision"], rows: rows, numeric: 1..<4)
  }

  var mistakes: Page.Section? {
    guard let sets = study.sets, !classification.mistakes.isEmpty else { return nil }
    let items = classification.mistakes.map { mistake -> Markup in
      let (own, other) = (classNames[mistake.label], classNames[mistake.prediction])
      let image = ImageSections(study: study).image(
        sets.test, mistake.sample, sets.viewSize,
        "\(setName.prefix(1).uppercased())\(setName.dropFirst()) image of \(own), predicted as \(other)")
      return """
        <li>\(image)is <strong>\(own)</strong>, predicted <strong>\(other)</strong> with \(percent(mistake.confidence))<br><span class="quiet">\(sets.test.name(at: mistake.sample))</span></li>
        """
    }
    return Page.Section(
      name: "mistakes", title: study.titled("Most confident mistakes"),
      content: "<p>Errors of \(classification.source), the most certain first.</p><ul class=\"tiles\">\(items)</ul>")
  }

  var reliability: Page.Section {
    let all = Array(classification.probabilities.labels.indices)
    let nll = classification.probabilities.negativeLogLikelihood(all)
    let bins = classification.calibration.bins.filter { bin in bin.count > 0 }
    let diagram = ReliabilityDiagram(
      calibration: classification.calibration, title: "Reliability",
      caption: "Expected calibration error \(short(classification.calibration.error)), 15 bins"
        + (classification.isClassifier ? "; negative log-likelihood \(short(nll)) nats." : ".")
    ).figure
    let table = Elements.table(
      "Bins of the probability of the predicted class", header: ["mean probability", "images", "right"],
      rows: bins.map { bin in
        ["\(percent(bin.confidence))", "\(bin.count)", "\(percent(bin.accuracy))"]
      }, numeric: 1..<3)
    return Page.Section(
      name: "reliability", title: study.titled("Reliability of probabilities"),
      content: "<p>Probabilities of \(classification.source).</p><div class=\"grid\">\(diagram)\(table)</div>")
  }
}
