import Datasets
import Measures

/// Two-dimensional maps of the features of some images, by principal components and by t-SNE.
struct EmbeddingMap {
  /// The state of the encoder in words, such as "after 390 steps, averaged weights".
  let moment: String
  let components: PrincipalComponents
  /// The t-SNE map; `nil` if there are too few images.
  let neighborhoods: TSNE?
  /// The class of each row; `nil` for images without labels.
  let labels: [Int]?
  let classNames: [String]

  /// The largest number of images on a map, because the time of t-SNE grows quadratically.
  static let imageLimit = 1000
  private static let fewestForNeighborhoods = 16

  /// Maps features whose rows have unit length.
  init(moment: String, rows: FeatureRows, of dataset: any ImageDataset, threads: Int) {
    self.moment = moment
    components = PrincipalComponents(rows: rows.features, width: rows.width)
    neighborhoods =
      rows.count < Self.fewestForNeighborhoods ? nil : TSNE(rows: rows.features, width: rows.width, threads: threads)
    labels = dataset.hasLabels ? rows.labels.map(Int.init) : nil
    classNames = dataset.classNames
  }
}
