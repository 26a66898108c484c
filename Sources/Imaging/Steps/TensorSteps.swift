import KeyedRandomness

/// The color jitter operation on floats from 0 to 1: brightness, contrast and saturation, in this order.
struct TensorJitter: AugmentationStep {
  var brightness = 0.4
  var contrast = 0.4
  var saturation = 0.4
  var probability = 0.8

  let name = "tensor-jitter"
  let summary = "changes brightness, contrast and saturation in this order, on floats without rounding to levels"
  var withDefaults: TensorJitter { TensorJitter() }
  var values: StepValues { .floats }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<TensorJitter>] {
    [
      .number("brightness", \.brightness, in: 0...1, "factors are uniform in 1 ± this"),
      .number("contrast", \.contrast, in: 0...1, "the same"),
      .number("saturation", \.saturation, in: 0...1, "the same"),
      .probability(\.probability),
    ]
  }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    guard stream.nextEvent(probability: Float(probability)) else { return }
    func factor(_ strength: Double) -> Float { stream.nextUniform(in: 1 - Float(strength)...1 + Float(strength)) }
    workspace.changeTensor { tensor in
      tensor.adjustBrightness(by: factor(brightness))
      tensor.adjustContrast(by: factor(contrast))
      tensor.adjustSaturation(by: factor(saturation))
    }
  }
}

/// The grayscale operation on floats from 0 to 1, which sets all channels to the luminance with some probability.
struct TensorGrayscale: AugmentationStep {
  var probability = 0.2

  let name = "tensor-grayscale"
  let summary = "takes the color away, on floats without rounding to levels"
  var withDefaults: TensorGrayscale { TensorGrayscale() }
  var values: StepValues { .floats }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<TensorGrayscale>] { [.probability(\.probability)] }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    guard stream.nextEvent(probability: Float(probability)) else { return }
    workspace.changeTensor { tensor in tensor.makeGray() }
  }
}
