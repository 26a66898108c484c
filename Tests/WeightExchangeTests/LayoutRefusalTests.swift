import Configuration
import Testing
import WeightExchange

/// Models that a layout cannot hold.
struct LayoutRefusalTests {
  /// A run's options, the layout and the part of the export, and the required parts of the refusal.
  struct Case: Sendable, CustomTestStringConvertible {
    let model: [String: String]
    let layout: WeightLayout
    let part: WeightLayout.Part
    let message: [String]

    init(_ model: [String: String], _ layout: WeightLayout, _ part: WeightLayout.Part, naming message: [String]) {
      (self.model, self.layout, self.part, self.message) = (model, layout, part, message)
    }

    var testDescription: String { "\(layout) \(part) for \(model)" }
  }

  @Test(arguments: [
    Case(
      ["model": "resnet20"], .torchvision, .encoder,
      naming: ["--layout torchvision", "has no resnet20", "--layout ge"]),
    Case(["model": "resnet20"], .ge, .model, naming: ["without --normalize-encoder", "--part encoder"]),
    Case(
      ["model": "resnet20", "normalize-encoder": "true"], .ge, .model,
      naming: ["widths 64, 64, 128", "--head-widths d,d", "--part encoder"]),
    Case(["model": "resnet20", "shortcut": "B"], .ge, .encoder, naming: ["--shortcut B", "onnx"]),
    Case(["width-multiplier": "2"], .ge, .encoder, naming: ["32, 64, 128", "16, 32, 64", "onnx"]),
    Case(["model": "resnet18", "stem": "imagenet"], .supcontrast, .model, naming: ["--stem imagenet", "torchvision"]),
    Case(["model": "resnet18"], .ge, .model, naming: ["has no resnet18", "torchvision or supcontrast"]),
    Case(["model": "resnet18"], .torchvision, .model, naming: ["no projection head", "--layout supcontrast"]),
    Case(
      ["model": "resnet18", "head": "none"], .supcontrast, .model,
      naming: ["no head of the widths 512", "--part encoder"]),
  ])
  func `a layout that cannot hold the model says why`(refusal: Case) throws {
    var overrides = ConfigurationOverrides()
    for (name, value) in refusal.model {
      overrides.give(value, for: name)
    }
    #expect(overrides.problem == nil)
    let configuration = overrides.applied(to: TrainingCommand.pretrain.defaults)
    let problem = try #require(
      refusal.layout.problem(configuration.architecture)
        ?? (refusal.part == .model ? refusal.layout.headProblem(configuration) : nil))
    for part in refusal.message {
      #expect(problem.contains(part), "\(problem)")
    }
  }

  @Test(arguments: [("resnet18", WeightLayout.supcontrast, true), ("resnet20", .ge, false)])
  func `an import is not advised to choose a format, which only an export has`(
    model: String, layout: WeightLayout, hasOther: Bool
  ) throws {
    var overrides = ConfigurationOverrides()
    overrides.give(model, for: "model")
    overrides.give("imagenet", for: "stem")
    let request = WeightImport.Request(weights: "weights", layout: layout, overrides: overrides, output: "run")
    let problem = try #require(request.problem)
    #expect(problem.contains("with --stem imagenet, but only with the 3×3 stem"), "\(problem)")
    #expect(problem.contains("; choose --layout torchvision") == hasOther && !problem.contains("onnx"), "\(problem)")
  }

  /// Returns the options of a run, and the request to export it.
  private func export(
    _ model: [String: String], _ layout: WeightLayout?, _ part: WeightLayout.Part? = nil,
    of command: TrainingCommand = .pretrain
  ) -> (configuration: Configuration, request: WeightExport.Request) {
    var overrides = ConfigurationOverrides()
    for (name, value) in model {
      overrides.give(value, for: name)
    }
    #expect(overrides.problem == nil)
    var request = WeightExport.Request(run: "run", output: "weights")
    (request.layout, request.part) = (layout, part)
    return (overrides.applied(to: command.defaults), request)
  }

  @Test(arguments: [("resnet20", WeightLayout.ge), ("resnet18", .supcontrast)])
  func `of a run without a projection head the encoder is exported, unless the head was asked for`(
    model: String, layout: WeightLayout
  ) {
    for (options, command) in [
      (["model": model], TrainingCommand.supervised), (["model": model, "head": "none"], .pretrain),
    ] {
      let (configuration, request) = export(options, layout, of: command)
      #expect(request.exportedPart(of: configuration) == .encoder && request.problem(ofModel: configuration) == nil)
      #expect(export(options, layout, .model, of: command).request.exportedPart(of: configuration) == .model)
      let plain = export(options, nil, of: command)
      #expect(plain.request.exportedPart(of: plain.configuration) == .encoder)
    }
    let (configuration, request) = export(["model": model], layout)
    #expect(request.exportedPart(of: configuration) == .model)
  }

  @Test(
    arguments: [
      (["model": "resnet20"], .ge, nil, "--layout ge, with", "--part model"),
      (
        ["model": "resnet18", "head-widths": "64,128"], .supcontrast, nil, "--layout supcontrast, with", "--part model"
      ),
      (["model": "resnet20"], nil, .model, "--part model, layout ge", "--layout"),
      (["width-multiplier": "2", "model": "resnet20"], nil, nil, "the usual layout, ge, has no resnet20", "--layout"),
      (["shortcut": "B", "model": "resnet20"], .ge, nil, "--layout ge: has no resnet20", "--part"),
    ] as [([String: String], WeightLayout?, WeightLayout.Part?, String, String)])
  func `a refusal names only options that were given`(
    model: [String: String], layout: WeightLayout?, part: WeightLayout.Part?, expected: String, absent: String
  ) throws {
    let (configuration, request) = export(model, layout, part)
    let problem = try #require(request.problem(ofModel: configuration))
    #expect(problem.contains(expected) && !problem.contains(absent), "\(problem)")
  }

  @Test func `an ONNX file takes no layout`() {
    var request = WeightExport.Request(run: "run", output: "weights")
    request.format = .onnx
    #expect(request.problem == nil)
    request.layout = .ge
    #expect(request.problem?.contains("--layout ge") == true)
    #expect(request.problem?.contains("leave the option out") == true)
  }
}
