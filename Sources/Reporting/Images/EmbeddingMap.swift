import Datasets
import Evaluation
import Measures

/// Unit rows of some images in the plane, by principal components and by t-SNE.
struct EmbeddingMap {
  /// The state of the encoder, such as "after 390 steps".
  let moment: String
  let components: PrincipalComponents
  /// `nil` for fewer rows than a map of neighborhoods needs.
  let neighborhoods: TSNE?
  /// The class of each row; `nil` for images without labels.
  let labels: [Int]?
  let classNames: [String]

  /// The number of images on a map: t-SNE takes time by its square.
  static let imageLimit = 1000
  private static let fewestForNeighborhoods = 16

  /// Maps unit rows.
  init(moment: String, rows: FeatureRows, of dataset: any ImageDataset, threads: Int) {
    self.moment = moment
    components = PrincipalComponents(rows: rows.features, width: rows.width)
    neighborhoods =
      rows.count < Self.fewestForNeighborhoods ? nil : TSNE(rows: rows.features, width: rows.width, threads: threads)
    labels = dataset.hasLabels ? rows.labels.map(Int.init) : nil
    classNames = dataset.classNames
  }
}
