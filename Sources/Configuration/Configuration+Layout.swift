import NeuralNet

extension Configuration {
  /// The name of the classifier's parameters (`fc.weight` and `fc.bias`), as in torchvision.
  package static let classifierName = "fc"

  /// The names, shapes and offsets of the parameters and running statistics of encoder, projection head and classifier.
  ///
  /// The layout depends on the options only; no network is created.
  ///
  /// - Throws: ``RunError`` if there is a classifier and its number of classes is missing.
  package var modelLayout: ModelLayout {
    get throws(RunError) {
      let encoder = architecture
      var layout = ModelLayout(encoder, head: isContrasting ? headPlan : nil)
      if isClassifying {
        layout.parameters.addLinear(
          Self.classifierName, inputWidth: encoder.representationWidth, outputWidth: try classCount)
      }
      return layout
    }
  }
}
