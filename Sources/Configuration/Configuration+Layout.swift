import NeuralNet

extension Configuration {
  /// The name of the classifier's parameters (`fc.weight` and `fc.bias`), as in torchvision.
  package static let classifierName = "fc"

  /// The name of the class prototypes' parameters (`prototypes.weight`).
  package static let prototypesName = "prototypes"

  /// The names, shapes and offsets of the parameters and running statistics of encoder, projection head,
  /// prototypes and classifier.
  ///
  /// The layout depends on the options only; no network is created.
  ///
  /// - Throws: ``RunError`` if the number of classes is needed and missing.
  package var modelLayout: ModelLayout {
    get throws(RunError) {
      let encoder = architecture
      var layout = ModelLayout(encoder, head: isContrasting ? headArchitecture : nil)
      if hasPrototypes {
        layout.parameters.addLinear(
          Self.prototypesName, inputWidth: widthOfEmbeddings, outputWidth: try classCount, hasBias: false)
      }
      if isClassifying {
        layout.parameters.addLinear(
          Self.classifierName, inputWidth: encoder.representationWidth, outputWidth: try classCount)
      }
      return layout
    }
  }
}
