extension Augmentation {
  /// The name of every preset, with a summary of its operations and the program that it reproduces.
  public static let presets: [(name: String, summary: String)] =
    [("none", "the image itself, cut to its center if it is larger")]
    + presetSteps.map { preset in (preset.name, preset.summary) }

  /// Returns the help text: every preset, and every operation with its parameters and their defaults.
  public static func help() -> String {
    var lines = [
      "An augmentation is a preset, or presets and operations joined by +, each with parameters in parentheses:",
      "  resized-crop(area=0.2..1, filter=bicubic) + flip + jitter(hue=0) + cutout(side=8)",
      "A range LEAST..MOST stands for a number drawn for each view. Levels run from 0 to 255; all operations but the last two",
      "follow Pillow's arithmetic. Without an operation that resizes, images of another size than the view's are resized to",
      "cover 8/7 of it and cut to the center.", "", "PRESETS",
    ]
    for preset in presets {
      lines += paragraph(preset.name, preset.summary)
      guard let step = presetSteps.first(where: { step in step.name == preset.name }) else { continue }
      lines += parameterLines(step)
      let small = Augmentation(steps: step.small).description
      let large = Augmentation(steps: step.large).description
      if small == large {
        lines += wrapped("= \(small)", indent: 6)
      } else {
        lines += wrapped("up to \(Preset.smallSide) pixels = \(small)", indent: 6)
        lines += wrapped("above = \(large)", indent: 6)
      }
    }
    lines += ["", "OPERATIONS"]
    for step in operations {
      lines += paragraph(step.name, step.summary) + parameterLines(step)
    }
    return lines.joined(separator: "\n")
  }

  private static func parameterLines<Step: AugmentationStep>(_ step: Step) -> [String] {
    step.parameters.flatMap { parameter in
      wrapped(
        "\(parameter.name)=\(parameter.text(of: step)): \(parameter.meaning) (\(parameter.expected))", indent: 6)
    }
  }

  private static func paragraph(_ name: String, _ text: String) -> [String] {
    wrapped("\(name): \(text)", indent: 2)
  }

  /// Wraps a text to lines of at most 110 characters; all lines but the first are indented by two more spaces.
  private static func wrapped(_ text: String, indent: Int) -> [String] {
    var lines: [String] = []
    var line = String(repeating: " ", count: indent)
    for word in text.split(separator: " ") {
      if line.count + word.count > 110 {
        lines.append(line)
        line = String(repeating: " ", count: indent + 2)
      }
      line += (line.last == " " || line.isEmpty ? "" : " ") + word
    }
    return lines + [line]
  }
}
