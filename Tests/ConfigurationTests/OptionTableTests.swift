import Configuration
import Foundation
import Losses
import Spelling
import Testing

/// The table of options as a whole, and what is derived from it.
struct OptionTableTests {
  @Test func `names are unique and helps end with the default`() {
    let names = ConfigurationOption.all.map(\.name)
    #expect(Set(names).count == names.count)
    for option in ConfigurationOption.all {
      #expect(option.help.hasSuffix(".") || option.help.hasSuffix(")"), "\(option.name)")
      if let value = option.defaultValue, option.kind != .boolean {
        #expect(option.help.contains("(default: \(value)"), "\(option.name)")
      }
    }
  }

  @Test func `the usage page lists the options that may differ on resume`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("docs/usage.md"), encoding: .utf8)
    let start = try #require(page.range(of: "A resumed run may differ"))
    let end = try #require(page.range(of: "Any other option", range: start.upperBound..<page.endIndex))
    let named = Set(
      page[start.upperBound..<end.lowerBound].matches(of: /`--([a-z-]+)`/).map { match in
        String(match.output.1)
      })
    for option in ConfigurationOption.all {
      #expect(named.contains(option.name) == option.isFreeOnResume, "\(option.name)")
    }
  }

  @Test func `a resumed run may change what computes nothing`() {
    let free = Set(ConfigurationOption.all.filter(\.isFreeOnResume).map(\.name))
    #expect(
      free == [
        "data", "steps", "threads", "loader-threads", "activation-memory", "overlap", "balance", "shared-memory",
        "checkpoint-steps",
        "keep",
        "log-steps", "keep-best", "evaluate-epochs", "train-folder", "validation-folder", "test-folder", "teacher",
      ])
    var other = Configuration()
    other.compute.threads = 4
    other.checkpoints.keep = 1
    #expect(other.conflict(with: Configuration()) == nil)
    other.optimizer.learningRate = 0.2
    other.batches.size = 64
    let conflict = other.conflict(with: Configuration())
    #expect(conflict?.option == "batch-size" && conflict?.own == "64" && conflict?.other == "256")
  }

  @Test func `the identity of a benchmark has numbers as numbers and no path`() {
    var configuration = Configuration()
    configuration.data.path = "/data"
    let settings = configuration.settingsOfAStep
    #expect(settings["batch_size"] == .integer(256) && settings["temperature"] == .number(0.1))
    #expect(settings["width_multiplier"] == .integer(1) && settings["nesterov"] == .boolean(false))
    #expect(settings["positives_cap"] == .text("none") && settings["optimizer"] == .text("sgd"))
    for name in ["data", "shapes_test", "epochs", "steps", "threads", "checkpoint_steps", "keep", "log_steps"] {
      #expect(settings[name] == nil, "\(name)")
    }
  }

  @Test func `encoder and dataset of another run are taken over, and nothing else`() {
    let other = given(
      "--model resnet18 --stem imagenet --normalize-encoder --dataset folder --data d --image-size 64 --epochs 3"
    ).applied(to: Configuration())
    let encoder = Configuration().with(encoderOf: other)
    #expect(encoder.model.name == "resnet18" && encoder.model.stem == .imagenet && encoder.model.normalizeEncoder)
    #expect(encoder.data == DataOptions() && encoder.schedule.epochs == 100)
    let dataset = Configuration().with(datasetOf: other)
    #expect(dataset.data == other.data && dataset.model == ModelOptions())
  }

  @Test func `later options override earlier ones and remember that they were given`() {
    var overrides = given("--seed 1 --views 3").overridden(by: given("--seed 2"))
    overrides.set(\.model.initialPath, to: nil)
    overrides.set(\.schedule.epochs, to: 5)
    let configuration = overrides.applied(to: TrainingCommand.supervised.defaults)
    #expect(configuration.compute.seed == 2 && configuration.views.count == 3 && configuration.schedule.epochs == 5)
    #expect(overrides.gives(\.schedule.epochs) && !overrides.gives(\.model.initialPath))
    #expect(configuration.loss.weight == 0)
  }

  @Test(arguments: [
    ("lr", "learning-rate"), ("weight_decay", "weight-decay"), ("wd", "weight-decay"), ("bs", "batch-size"),
  ])
  func `names of other programs are understood`(name: String, meant: String) {
    #expect((PeerNames.option(name) ?? name.replacing("_", with: "-")) == meant)
    #expect(ConfigurationOption.named(meant) != nil)
  }

  @Test func `a named loss is its combination of sums`() {
    func variant(_ line: String) -> LossVariant { given(line).applied(to: Configuration()).loss.resolvedVariant }
    #expect(variant("--loss sincere") == variant("--denominator one-positive") && variant("--loss sincere") == .sincere)
    #expect(variant("--loss supervised-dcl") == variant("--denominator only-negatives"))
    #expect(variant("--loss epsilon-supinfonce --margin 0.25") == .supInfoNCE(margin: 0.25))
    #expect(variant("--loss epsilon-supinfonce --margin 0") == .sincere)
    let capped = variant("--loss sincere --contrast-mode one --positives-cap 4")
    #expect(capped.anchors == .one && capped.positivesCap == 4 && capped.denominator == .onePositive)
    #expect(variant("--loss supcon") == LossVariant() && variant("--loss simclr") == LossVariant())
  }
}
