import Configuration
import Datasets
import Evaluation
import ImageCodecs

/// The report's sections with images: samples with their views, maps of embeddings, and nearest neighbors of test
/// images.
struct ImageSections {
  let study: ImageStudy

  var samples: Page.Section? {
    guard !study.views.isEmpty else { return nil }
    let rows = study.views.map { sample -> Markup in
      let kind = sample.className ?? "image"
      let views = sample.views.enumerated().map { index, view in
        "<li>\(Elements.image(view, alternative: "View \(index + 1) of \(kind) \(sample.name)"))view \(index + 1)</li>"
          as Markup
      }
      return """
        <div><h3>\(kind)</h3><ul class="strip"><li class="first">\(Elements.image(sample.image, alternative: "\(kind), \(sample.name), as it is"))\(sample.name)</li>\(views)</ul></div>
        """
    }
    return Page.Section(
      name: "samples", title: "Samples and their views",
      content:
        "<p>Training images, and views of them by the run's augmentation.</p><div class=\"grid rows\">\(rows)</div>"
    )
  }

  var maps: Page.Section? {
    guard let first = study.maps.first else { return nil }
    let components = study.maps.map { map in
      ScatterChart(
        title: "Principal components, \(map.moment)", points: map.components.points, labels: map.labels,
        classNames: map.classNames,
        caption:
          "Across: \(percent(map.components.shares.x)) of the variance; up: \(percent(map.components.shares.y))."
      ).figure
    }
    let neighborhoods = study.maps.compactMap { map in
      map.neighborhoods.map { points in
        ScatterChart(
          title: "t-SNE, \(map.moment)", points: points.points, labels: map.labels, classNames: map.classNames,
          caption:
            "Exact, perplexity \(short(points.perplexity)); Kullback–Leibler divergence \(short(points.divergence)) nats. Near points are similar; distances between clusters mean little."
        ).figure
      }
    }
    return Page.Section(
      name: "map", title: study.titled("Map of the embeddings"),
      content: """
        <p>The encoder's representations of \(first.components.points.count) \(study.sets?.testName ?? "test") images, scaled to unit length.</p>
        <div class="grid wide">\(components)\(neighborhoods)</div>
        """)
  }

  var neighbors: Page.Section? {
    guard let sets = study.sets, !study.neighbors.isEmpty else { return nil }
    let rows = study.neighbors.map { row -> Markup in
      let own = sets.test.className(at: row.sample)
      let items = row.neighbors.map { neighbor -> Markup in
        let other = sets.training.className(at: neighbor.sample)
        let verdict = own == nil ? "" : own == other ? "same class" : "other class"
        let text = "\(other.map { name in "\(name), " } ?? "")similarity \(short(neighbor.similarity))"
        return """
          <li>\(image(sets.training, neighbor.sample, sets.viewSize, "Training image, \(text)"))\(other ?? "image") \(short(neighbor.similarity)) \(verdict)</li>
          """
      }
      return """
        <div><h3>\(own ?? sets.test.name(at: row.sample))</h3><ul class="strip"><li class="first">\(image(sets.test, row.sample, sets.viewSize, "\(sets.testName) image, \(own ?? "")"))\(sets.testName) image</li>\(items)</ul></div>
        """
    }
    let queries = "\(sets.testName.prefix(1).uppercased())\(sets.testName.dropFirst())"
    let others = sets.isTraining ? "the other training images" : "the training images"
    return Page.Section(
      name: "neighbors", title: study.titled("Nearest neighbors"),
      content:
        "<p>\(queries) images, and \(others) of largest cosine similarity.</p><div class=\"grid rows wide\">\(rows)</div>"
    )
  }

  /// Returns an image of a dataset with the preprocessing of evaluation.
  func image(_ dataset: any ImageDataset, _ sample: Int, _ size: ImageSize, _ alternative: String) -> Markup {
    guard let image = try? dataset.shownImage(at: sample, size) else { return "<span>\(alternative)</span>" }
    return Elements.image(image, alternative: alternative)
  }
}
