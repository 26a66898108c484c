import Configuration
import NeuralNet
import Testing

/// The default warm-up, and runs that are extended.
struct ScheduleTests {
  @Test(
    arguments: [
      (195, 100, 1.0, false), (23, 3, 1.5, true), (23, 7, 75.0 / 23, true), (23, 65, 75.0 / 23, true),
      (93, 3, 1, false),
      (1, 100, 50, true), (1, 150, 75, true),
      // Epochs of fewer than 150 steps: a twentieth of the run, if that is more.
      (46, 100, 5, true), (23, 200, 10, true), (149, 1000, 50, true), (150, 1000, 1, false),
    ] as [(Int, Int, Double, Bool)])
  func `a contrastive run warms up for an epoch, at least 75 steps, and a twentieth of many short epochs`(
    stepsPerEpoch: Int, runEpochs: Int, epochs: Double, isLonger: Bool
  ) throws {
    var schedule = ScheduleOptions()
    schedule.epochs = runEpochs
    let steps = Int((epochs * Double(stepsPerEpoch)).rounded())
    #expect(schedule.resolveWarmup(stepsPerEpoch: stepsPerEpoch, isContrasting: true) == isLonger)
    #expect(schedule.warmupEpochs == epochs)
    #expect(schedule.warmupSteps(stepsPerEpoch: stepsPerEpoch) == steps)
    // As resolved it is in config.yaml, and means the same steps again.
    var configuration = Configuration()
    configuration.schedule = schedule
    let read = try Configuration(yaml: configuration.yaml(), path: "a")
    #expect(read.schedule.warmupSteps(stepsPerEpoch: stepsPerEpoch) == steps)
  }

  @Test func `a given warm-up and that of a cross-entropy stay`() {
    var given = given("--warmup-epochs 0").applied(to: Configuration()).schedule
    #expect(!given.resolveWarmup(stepsPerEpoch: 3, isContrasting: true) && given.warmupEpochs == 0)
    var classifying = ScheduleOptions()
    #expect(!classifying.resolveWarmup(stepsPerEpoch: 3, isContrasting: false) && classifying.warmupEpochs == 1)
  }

  private func configuration(_ line: String) -> Configuration { given(line).applied(to: Configuration()) }

  /// Epochs of 10 steps, at whose first steps a schedule has these multiples of its peak.
  @Test(
    arguments: [
      ("constant", [1, 1, 1, 1, 1]),
      ("step --decay-epochs 2,4", [1, 1, 0.1, 0.1, 0.01]),
      ("step --decay-epochs 2,4 --decay-rate 0.5", [1, 1, 0.5, 0.5, 0.25]),
      ("exponential --epochs-per-decay 1.5", [1, 1, 0.97, 0.9409, 0.9409]),
      ("exponential --epochs-per-decay 1.5 --decay-rate 0.5", [1, 1, 0.5, 0.25, 0.25]),
      // ½(1 + cos(πe/5)), of which those of e and 5 − e add up to 1.
      ("cosine", [1, 0.904508, 0.654508, 0.345492, 0.095492]),
    ] as [(String, [Double])])
  func `a schedule counts in epochs`(options: String, expected: [Double]) {
    let schedule = configuration("--epochs 5 --warmup-epochs 0 --learning-rate 2 --schedule \(options)")
      .learningRateSchedule(stepsPerEpoch: 10)
    for (epoch, multiple) in expected.enumerated() {
      let rate = Double(schedule.learningRate(atStep: 10 * epoch))
      #expect(abs(rate - 2 * multiple) < 2e-6, "epoch \(epoch): \(rate)")
    }
  }

  @Test func `a learning rate is lowered between two steps, and scaled with the batch on demand`() {
    func rates(_ options: String) -> [Float] {
      let schedule = configuration("--epochs 5 --warmup-epochs 0 --learning-rate 0.75 --batch-size 64 \(options)")
        .learningRateSchedule(stepsPerEpoch: 10)
      return [0, 14, 15, 19, 20].map { step in schedule.learningRate(atStep: step) }
    }
    #expect(rates("--schedule constant") == [0.75, 0.75, 0.75, 0.75, 0.75])
    #expect(rates("--schedule constant --scale-learning-rate") == [0.1875, 0.1875, 0.1875, 0.1875, 0.1875])
    #expect(rates("--schedule step --decay-epochs 2 --decay-rate 0.5") == [0.75, 0.75, 0.75, 0.75, 0.375])
    #expect(
      rates("--schedule exponential --epochs-per-decay 1.5 --decay-rate 0.5") == [0.75, 0.75, 0.375, 0.375, 0.375])
  }

  @Test(arguments: ["constant", "step --decay-epochs 2,4", "exponential --epochs-per-decay 1.5"])
  func `an extended schedule is that of a run started so`(schedule: String) throws {
    let options = "--warmup-epochs 1 --schedule \(schedule)"
    var extended = configuration("--epochs 3 \(options)")
    _ = try extended.extend(toEpochs: 5, run: "r")
    #expect(extended == configuration("--epochs 5 \(options)"))
  }

  @Test func `an extended cosine starts again`() throws {
    let short = configuration("--epochs 3 --steps 20 --warmup-epochs 1")
    var extended = short
    let note = try extended.extend(toEpochs: 5, run: "r")
    #expect(note?.contains("starts again at the peak learning rate at epoch 3") == true)
    #expect(extended.schedule.steps == nil && extended.schedule.cosineRestarts == [3])
    let (before, after) = (
      short.learningRateSchedule(stepsPerEpoch: 10), extended.learningRateSchedule(stepsPerEpoch: 10)
    )
    for step in 0..<30 {
      #expect(after.learningRate(atStep: step) == before.learningRate(atStep: step), "step \(step)")
    }
    #expect(after.learningRate(atStep: 30) == 0.1)
    #expect(abs(after.learningRate(atStep: 40) - 0.05) < 1e-7)
    #expect(after.learningRate(atStep: 49) < 0.001)
    // Again, and through a file.
    _ = try extended.extend(toEpochs: 6, run: "r")
    let read = try Configuration(yaml: extended.yaml(), path: "a")
    #expect(read.schedule.cosineRestarts == [3, 5])
    #expect(read.learningRateSchedule(stepsPerEpoch: 10).learningRate(atStep: 50) == 0.1)
  }

  @Test func `an extension within the warm-up does not promise the peak`() throws {
    var run = configuration("--epochs 50 --warmup-epochs 75")
    let note = try run.extend(toEpochs: 51, run: "r")
    #expect(note?.contains("below the peak learning rate as the warm-up of 75 epochs goes on") == true)
    let rate = run.learningRateSchedule(stepsPerEpoch: 1).learningRate(atStep: 50)
    #expect(abs(rate - 0.1 * 51 / 75) < 1e-6)
  }

  @Test(arguments: [(50, 1, 25.0), (50, 2, 25), (100, 1, 50), (400, 1, 75), (3, 1, 1.5), (1, 1, 1), (20, 93, 1)])
  func `a warm-up that is not given leaves half of a run`(epochs: Int, stepsPerEpoch: Int, expected: Double) {
    var schedule = configuration("--epochs \(epochs)").schedule
    _ = schedule.resolveWarmup(stepsPerEpoch: stepsPerEpoch, isContrasting: true)
    #expect(schedule.warmupEpochs == expected)
    #expect(schedule.notesWithoutEffect.isEmpty)
  }

  @Test func `a run is not shortened, and the same command can be given again`() throws {
    var run = configuration("--epochs 5")
    let error = #expect(throws: RunError.self) { _ = try run.extend(toEpochs: 2, run: "runs/a") }
    #expect(error?.exitCode == .configuration)
    #expect(error?.description.contains("has 5 epochs already; give the number of epochs in total") == true)
    _ = try run.extend(toEpochs: 5, run: "runs/a")
    #expect(run == configuration("--epochs 5"))
  }

  @Test func `a checkpoint from before the extension belongs to the run, another's does not`() throws {
    let old = configuration("--epochs 5")
    var run = old
    _ = try run.extend(toEpochs: 9, run: "r")
    #expect(old.extended(like: run) == run)
    let edited = configuration("--epochs 9")
    #expect(old.extended(like: edited).conflict(with: edited)?.option == "epochs")
    #expect(configuration("--epochs 9").extended(like: old).conflict(with: old)?.option == "epochs")
  }

  @Test func `options know the recipe or file that gives them`() throws {
    let recipe = try NamedRecipe.named("cifar10-resnet20-supcon").overrides().given(by: "--recipe x")
    let all = recipe.overridden(by: given("--seed 4"))
    #expect(all.source(of: "temperature") == "--recipe x")
    #expect(all.source(of: "seed") == nil && all.source(of: "beta1") == nil)
  }
}
