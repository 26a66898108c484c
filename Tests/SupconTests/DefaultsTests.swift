import Foundation
import Testing

/// The defaults that scripts may rely on (docs/options.md).
struct DefaultsTests {
  /// Options with their defaults, as help prints and config.yaml holds them.
  private static let texts = [
    "dataset": "shapes", "model": "resnet20", "head": "mlp", "loss": "supcon", "loss-scale": "none",
    "gather-precision": "float32",
    "augmentation": "crop-flip-jitter", "optimizer": "sgd", "schedule": "cosine", "precision": "auto",
  ]
  private static let numbers: [String: Double] = [
    "embedding-width": 128, "temperature": 0.1, "batch-size": 256, "shard-size": 32, "views": 2, "momentum": 0.9,
    "weight-decay": 1e-4, "learning-rate": 0.1, "seed": 0, "threads": 1, "keep": 3,
  ]

  @Test func helpPrintsThem() throws {
    let workshop = try Workshop()
    let pretrain = try defaults(inHelp: workshop.run(["pretrain", "--help"]).standardOutput)
    for (option, expected) in Self.texts {
      #expect(pretrain[option] == expected, "--\(option)")
    }
    for (option, expected) in Self.numbers {
      #expect(pretrain[option].flatMap { text in Double(text) } == expected, "--\(option)")
    }
    #expect(pretrain["nesterov"] == "no")
    #expect(pretrain["checkpoint-steps"] == "an epoch")
    #expect(pretrain["warmup-epochs"]?.hasPrefix("1, with a contrastive loss at least 75") == true)

    let linear = try defaults(inHelp: workshop.run(["linear", "--help"]).standardOutput)
    let expected: [String: Double] = [
      "epochs": 20, "batch-size": 256, "learning-rate": 0.1, "momentum": 0.9, "weight-decay": 0, "seed": 0,
      "threads": 1,
    ]
    for (option, number) in expected {
      #expect(linear[option].flatMap { text in Double(text) } == number, "linear --\(option)")
    }
    #expect(linear["augmentation"] == "none")
  }

  @Test func configurationHoldsThem() throws {
    let workshop = try Workshop()
    for number in 1...2 {
      try succeeding(workshop.runInside(["pretrain", "--steps", "0"]))
      // The first free number.
      let text = try workshop.text("runs/pretrain-resnet20-shapes-\(number)/config.yaml")
      let pairs = text.split(separator: "\n").map { line in line.components(separatedBy: ": ") }
      let options = Dictionary(uniqueKeysWithValues: pairs.map { pair in (pair[0], pair[1]) })
      for (option, expected) in Self.texts where option != "precision" {
        #expect(options[option] == expected, "\(option)")
      }
      #expect(options["precision"] == "float32" || options["precision"] == "bfloat16", "auto, resolved")
      // 6,000 images are too few for the batch of larger sets.
      let ofSmallSets: [String: Double] = ["batch-size": 64, "shard-size": 8, "learning-rate": 0.035]
      for (option, expected) in Self.numbers {
        let number = options[option].flatMap { text in Double(text) }
        #expect(number == ofSmallSets[option] ?? expected, "\(option)")
      }
      #expect(options["nesterov"] == "false")
      // Resolved: a twentieth of 100 epochs of 93 steps.
      #expect(options["warmup-epochs"].flatMap { text in Double(text) } == 5)
    }
  }

  /// The text after `(default: ` for each option.
  private func defaults(inHelp help: String) -> [String: String] {
    // Each option begins a line with its name; its text may run over several lines.
    var sections: [String] = []
    for line in help.split(separator: "\n") {
      if line.hasPrefix("  --") {
        sections.append(String(line))
      } else if !sections.isEmpty {
        sections[sections.count - 1] += " " + line.drop { character in character == " " }
      }
    }
    var defaults: [String: String] = [:]
    for section in sections {
      guard let match = section.firstMatch(of: /^  --(?:no-)?([a-z-]+).*\(default: ([^)]*)\)/) else { continue }
      defaults[String(match.output.1)] = String(match.output.2)
    }
    return defaults
  }
}
