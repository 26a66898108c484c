import Configuration
import NeuralNet

extension Configuration {
  /// Counts the multiply-adds of encoder and heads for one view of `height` × `width` pixels.
  func multiplyAdds(height: Int, width: Int) -> (forward: Int, backward: Int) {
    let encoder = architecture.multiplyAdds(height: height, width: width)
    let width = architecture.representationWidth
    let heads =
      (isContrasting ? [headArchitecture] : [])
      + (isClassifying ? [ProjectionHeadArchitecture([classifier.classes ?? 0])] : [])
    return heads.map { head in head.multiplyAdds(inputWidth: width) }.reduce(encoder) { sum, head in
      (sum.forward + head.forward, sum.backward + head.backward)
    }
  }
}
