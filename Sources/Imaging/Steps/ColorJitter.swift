import KeyedRandomness

/// The color jitter operation: brightness, contrast, saturation and hue are changed by random amounts in random order.
struct ColorJitter: AugmentationStep {
  var brightness = 0.4
  var contrast = 0.4
  var saturation = 0.4
  var hue = 0.1
  var probability = 0.8

  let name = "jitter"
  let summary =
    "changes brightness, contrast, saturation and hue in random order, with torchvision's formulas in Pillow's arithmetic"
  var withDefaults: ColorJitter { ColorJitter() }
  var values: StepValues { .levels }
  var flipProbabilities: [Double] { [] }

  var parameters: [AugmentationParameter<ColorJitter>] {
    [
      .number(
        "brightness", \.brightness, in: 0...10, "factors are uniform from 1 − this, but not below 0, to 1 + this"),
      .number("contrast", \.contrast, in: 0...10, "the same"),
      .number("saturation", \.saturation, in: 0...10, "the same"),
      .number("hue", \.hue, in: 0...0.5, "hues move by up to this part of a turn either way"),
      .probability(\.probability),
    ]
  }

  func apply(to workspace: AugmentationWorkspace, _ stream: inout RandomStream) {
    guard stream.nextEvent(probability: Float(probability)) else { return }
    // Fisher-Yates shuffle: each of the 24 orders is equally likely.
    var order: [4 of Int] = [0, 1, 2, 3]
    for last in (1...3).reversed() {
      order.swapAt(last, stream.nextInteger(below: last + 1))
    }
    func factor(_ strength: Double) -> Double { RandomRange(max(1 - strength, 0), 1 + strength).draw(&stream) }
    let factors: [3 of Double] = [factor(brightness), factor(contrast), factor(saturation)]
    let turn = RandomRange(-hue, hue).draw(&stream)
    for place in order.indices {
      switch order[place] {
      case 0 where brightness > 0: workspace.changeBrightness(by: factors[0])
      case 1 where contrast > 0: workspace.changeContrast(by: factors[1])
      case 2 where saturation > 0: workspace.changeColor(by: factors[2])
      case 3 where hue > 0: workspace.shiftHue(byTurn: turn)
      default: break
      }
    }
  }
}
