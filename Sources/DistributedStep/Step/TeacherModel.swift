import Configuration
import DataLoading
import Inference
import NeuralNet
import OneDNN

/// The teacher of one thread: the views of a shard to logits.
final class TeacherModel {
  private let encoder: InferenceEncoder
  private let layer: LinearLayer
  private let parameters: [Float]
  private let conversion: ViewConversion

  /// Creates a teacher from its compiled encoder.
  init(_ encoder: InferenceEncoder, _ classifier: RunClassifier, _ conversion: ViewConversion) {
    self.encoder = encoder
    self.conversion = conversion
    var layout = VectorLayout()
    layer = LinearLayer(
      &layout, Configuration.classifierName, inputWidth: encoder.width, outputWidth: classifier.bias.count)
    parameters = classifier.weight + classifier.bias
  }

  /// Computes the logits of a student's views.
  ///
  /// - Parameters:
  ///   - views: The student's input, `[rows, 3, height, width]`.
  ///   - layout: The memory strides of a view in it.
  ///   - logits: Receives the logits, `[rows, classes]`.
  /// - Throws: `DNNLError` if a primitive fails.
  func forward(_ views: Tensor, _ layout: ImageLayout, into logits: inout MutableSpan<Float>) throws(DNNLError) {
    unsafe views.withFloats { source in
      unsafe encoder.views.withFloats { target in
        precondition(source.count == target.count, "\(source.count) elements of views for \(target.count)")
        var converted = unsafe target.mutableSpan
        conversion.convert(unsafe source.span, layout, into: &converted, encoder.viewLayout)
      }
    }
    let (representations, parameters) = (try encoder.representations(), parameters)
    try layer.forward(representations.span, parameters: parameters.span, into: &logits)
  }
}
