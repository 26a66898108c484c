import Configuration
import ImageCodecs
import NeuralNet
import OneDNN

/// The memory of a ``FeatureExtraction``, measured by compiling its encoder without weights.
package struct ExtractionMemory: Sendable {
  /// The bytes of the packed weights, which all threads share.
  package let packedWeights: Int
  /// The bytes of the feature maps and the scratch memory of each thread.
  package let perThread: Int

  /// Measures the encoder of a configuration.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration.
  ///   - viewSize: The size of the encoder's input.
  ///   - samplesPerBlock: The number of samples computed together.
  /// - Throws: `DNNLError` if oneDNN refuses a primitive.
  package init(_ configuration: Configuration, viewSize: ImageSize, samplesPerBlock: Int) throws {
    useOneThreadPerPrimitive()
    let weights = PackedWeights()
    // Most of this memory is planned, not allocated: nothing is loaded or computed.
    let before = Tensor.livingByteCount
    let context = try NetworkContext(
      Engine(), mode: .inference, precision: configuration.compute.resolvedPrecision, packedWeights: weights)
    let encoder = try ResNet(
      context, configuration.architecture, views: samplesPerBlock, height: viewSize.height, width: viewSize.width)
    let activations = try encoder.makeSavedActivations()
    packedWeights = weights.byteCount(.separate)
    perThread = withExtendedLifetime((encoder, activations)) { Tensor.livingByteCount - before } - packedWeights
  }
}
