import Measures
import NeuralNet

extension FeatureRows {
  /// These features with every row scaled to unit length.
  package var unit: FeatureRows {
    var scaled = features
    L2Normalization.scale(&scaled, width: width)
    return FeatureRows(features: scaled, labels: labels, width: width)
  }
}
