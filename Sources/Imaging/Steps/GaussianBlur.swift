import Glibc
import KeyedRandomness

/// The Gaussian blur operation, with a random standard deviation.
struct GaussianBlur: AugmentationStep {
  /// The padding of the image beyond its edges.
  enum Edge: String, Sendable, CaseIterable {
    /// Mirroring of the image at its edge pixels, as in torchvision.
    case mirror
    /// Padding with mid gray, because TensorFlow's code pads with zeros on a scale from −1 to 1.
    case gray
  }

  var sigma = RandomRange(0.1, 2)
  var side = 0
  var edge = Edge.mirror
  var probability = 0.5

  let name = "blur"
  let summary = "blurs with a Gaussian kernel"
  var withDefaults: GaussianBlur { GaussianBlur() }
  var values: StepValues { .levels }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<GaussianBlur>] {
    [
      .range("sigma", \.sigma, in: 0.01...100, "the kernel's standard deviation in pixels"),
      .integer(
        "side", \.side, in: 0...1001, "the kernel's side in pixels, made odd; 0 for a tenth of the view's width"),
      .choice("edge", \.edge, "what lies beyond the edges"),
      .probability(\.probability),
    ]
  }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    guard stream.nextEvent(probability: Float(probability)) else { return }
    let sigma = sigma.draw(&stream)
    let radius = (side > 0 ? side : workspace.viewSize.width / 10) / 2
    guard radius > 0 else { return }
    unsafe workspace.blur(radius: radius, outside: edge == .gray ? 127.5 : nil) { weights in
      func weight(_ place: Int) -> Double { exp(-Double(place * place) / (2 * sigma * sigma)) }
      let sum = (-radius...radius).reduce(0) { sum, place in sum + weight(place) }
      for place in -radius...radius {
        unsafe weights[place + radius] = Float(weight(place) / sum)
      }
    }
  }
}
