import KeyedRandomness

/// A single image operation as a step of an augmentation, with a magnitude drawn uniformly from a range.
struct RandomOperation: AugmentationStep {
  let operation: ImageOperation
  var magnitude: RandomRange
  var fill = 0
  var probability = 1.0

  init(_ operation: ImageOperation) {
    self.operation = operation
    magnitude = operation.magnitude?.standard ?? RandomRange(0, 0)
    probability = operation == .grayscale ? 0.2 : 1
  }

  var name: String { operation.rawValue }
  var summary: String { operation.summary }
  var withDefaults: RandomOperation { RandomOperation(operation) }
  var values: StepValues { .levels }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<RandomOperation>] {
    var parameters: [AugmentationParameter<RandomOperation>] = []
    if let magnitude = operation.magnitude {
      parameters.append(.range(magnitude.name, \.magnitude, in: magnitude.allowed, magnitude.meaning))
    }
    if operation.fills {
      parameters.append(.integer("fill", \.fill, in: 0...255, "the level of pixels that the image does not cover"))
    }
    return parameters + [.probability(\.probability)]
  }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    guard stream.nextEvent(probability: Float(probability)) else { return }
    // Also drawn for operations without a magnitude, so that all operations use the same number of random numbers.
    let magnitude = magnitude.draw(&stream)
    let size = workspace.size
    func move(_ map: AffineMap) {
      workspace.move(map.about(x: Double(size.width) / 2, y: Double(size.height) / 2), fill: UInt8(fill))
    }
    switch operation {
    case .shearX: move(AffineMap(b: magnitude))
    case .shearY: move(AffineMap(d: magnitude))
    case .translateX: move(AffineMap(c: -magnitude * Double(size.width)))
    case .translateY: move(AffineMap(f: -magnitude * Double(size.height)))
    case .rotate: move(.rotation(counterclockwiseDegrees: magnitude))
    case .autoContrast: workspace.stretchContrast()
    case .equalize: workspace.equalize()
    case .invert: workspace.invert()
    case .posterize: workspace.posterize(bits: Int(magnitude.rounded()))
    case .solarize: workspace.solarize(threshold: magnitude)
    case .solarizeAdd: workspace.addToDarkLevels(Int(magnitude.rounded()))
    case .brightness: workspace.changeBrightness(by: magnitude)
    case .contrast: workspace.changeContrast(by: magnitude)
    case .color: workspace.changeColor(by: magnitude)
    case .sharpness: workspace.sharpen(by: Float(magnitude))
    case .hue: workspace.shiftHue(byTurn: magnitude)
    case .grayscale: workspace.removeColor()
    case .cutout: workspace.cutOut(reach: Int((magnitude / 2).rounded()), fill: UInt8(fill), &stream)
    }
  }
}
