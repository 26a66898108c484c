import Configuration
import Datasets
import Formats
import ImageCodecs
import Imaging
import KeyedRandomness
import WeightExchange

/// A sheet of images, one per row with its nearest training images.
struct NeighborSheet {
  let dataset: any ImageDataset
  /// The image preprocessing that the run's encoder expects.
  let preprocessing: ImagePreprocessing
  private var viewSize: ImageSize { preprocessing.viewSize }
  private var rows: [(file: [UInt8], neighbors: [NearImage])] = []

  /// The side of images on a PNG sheet in pixels; smaller images are enlarged by an integer factor.
  private static let shownSide = 96
  private static let gap = 4

  init(dataset: any ImageDataset, _ preprocessing: ImagePreprocessing) {
    self.dataset = dataset
    self.preprocessing = preprocessing
  }

  /// The number of rows added so far.
  var count: Int { rows.count }

  /// Adds a row that shows the image in a file and its neighbors; the file's path need not be UTF-8.
  mutating func add(_ file: [UInt8], _ neighbors: [NearImage]) {
    rows.append((file, neighbors))
  }

  /// Returns how many of all images the sheet shows, in words.
  func extent(of count: Int) -> String {
    rows.count < count ? "the first \(rows.count) of \(counted(count, "image"))" : counted(count, "image")
  }

  /// Writes the sheet, with rows of some or all of `count` images, as HTML or PNG, depending on the file extension.
  func write(to path: String, of count: Int) throws {
    if path.hasSuffix(".png") {
      let bytes = try picture().pngBytes()
      try AtomicFile.write(to: path) { (file) throws(FileError) in unsafe try file.append(bytes.span.bytes) }
    } else {
      try AtomicFile.write(try page(of: count).html, to: path)
    }
  }

  /// Returns the image in a file after the encoder's preprocessing.
  private func image(ofFile path: [UInt8]) throws -> RGBImage {
    let image = try RGBImage(
      decoding: ReadOnlyFile(pathBytes: path).imageBytes(), sixteenBit: preprocessing.sixteenBit)
    var stream = RandomStream(seed: 0, .augmentation)
    return Augmentation.none.image(of: image, size: viewSize, &stream, workspace: AugmentationWorkspace())
  }

  private func picture() throws -> RGBImage {
    let scale = max(1, Self.shownSide / max(viewSize.width, viewSize.height))
    let (width, height) = (viewSize.width * scale + Self.gap, viewSize.height * scale + Self.gap)
    let columns = 1 + (rows.map(\.neighbors.count).max() ?? 0)
    // A wider gap separates the image from its neighbors.
    var canvas = Canvas(width: width * columns + 3 * Self.gap, height: height * max(rows.count, 1) + Self.gap)
    for (index, row) in rows.enumerated() {
      let top = height * index + Self.gap
      canvas.draw(try image(ofFile: row.file), scale: scale, left: Self.gap, top: top)
      for (place, neighbor) in row.neighbors.enumerated() {
        let shown = try dataset.shownImage(at: neighbor.sample, viewSize)
        canvas.draw(shown, scale: scale, left: width * (place + 1) + 3 * Self.gap, top: top)
      }
    }
    return canvas.image
  }

  private func page(of count: Int) throws -> Page {
    let sections = try rows.enumerated().map { index, row -> Page.Section in
      let items = try row.neighbors.map { neighbor -> Markup in
        let name = dataset.className(at: neighbor.sample) ?? "image"
        let image = Elements.image(
          try dataset.shownImage(at: neighbor.sample, viewSize),
          alternative: "Training image of \(name), similarity \(short(neighbor.similarity))")
        return """
          <li>\(image)\(name) \(short(neighbor.similarity))<br><span class="quiet">\(dataset.name(at: neighbor.sample))</span></li>
          """
      }
      let path = String(decoding: row.file, as: UTF8.self)
      let own = Elements.image(try image(ofFile: row.file), alternative: "The image \(path)")
      return Page.Section(
        name: "image\(index + 1)", title: path,
        content: "<ul class=\"strip\"><li class=\"first\">\(own)this image</li>\(items)</ul>")
    }
    return Page(
      title: "Nearest training images",
      subtitle:
        "<p>By cosine similarity of the encoder's representations, the most similar first, of \(extent(of: count)).</p>",
      sections: sections)
  }
}
