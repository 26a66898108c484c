import Configuration
import Testing
import Training

/// Notes about options that a run of 2 epochs of 3 steps is too short for.
struct OptionsWithoutEffectTests {
  private func notes(_ options: [String: String], checkRanksSteps: Int? = nil) throws -> [String] {
    var given = ConfigurationOverrides()
    given.give("2", for: "epochs")
    for (name, value) in options { given.give(value, for: name) }
    try #require(given.problem == nil)
    return OptionsWithoutEffect.notes(
      given.applied(to: Configuration()), given: given, stepsPerEpoch: 3, checkRanksSteps: checkRanksSteps)
  }

  @Test(arguments: [
    ("steps", "6", "7"), ("checkpoint-steps", "6", "7"), ("log-steps", "6", "7"), ("evaluate-epochs", "2", "3"),
    ("warmup-epochs", "1.5", "2.5"),
  ])
  func `an option beyond the end is noted, one that takes effect is not`(
    option: String, inside: String, beyond: String
  ) throws {
    #expect(try notes([option: inside]) == [])
    let found = try notes([option: beyond])
    #expect(found.count == 1 && found.allSatisfy { note in note.hasPrefix("--\(option) \(beyond): ") }, "\(found)")
  }

  @Test func `the end of a run is that of --steps, and defaults are not noted`() throws {
    #expect(try notes(["steps": "4"]) == [], "the default --log-steps is 10")
    #expect(try notes(["steps": "4", "checkpoint-steps": "5"]).first?.contains("ends after 4 steps") == true)
    #expect(try notes([:], checkRanksSteps: 7).first?.contains("never compared") == true)
  }

  @Test(arguments: ["adam", "adamw"])
  func `Adam with the learning rate of SGD is noted`(optimizer: String) throws {
    let found = try notes(["optimizer": optimizer])
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.hasPrefix("--optimizer \(optimizer): the default --learning-rate, 0.1, is made for") == true)
    for rate in ["0.1", "0.001"] {
      #expect(try notes(["optimizer": optimizer, "learning-rate": rate]) == [])
    }
    #expect(try notes(["optimizer": "lars"]) == [])
  }

  // An encoder is evaluated after every third epoch and after all epochs, step 6.
  @Test func `a run that --steps ends before all epochs is said not to be evaluated`() throws {
    #expect(try notes(["evaluate-epochs": "3"]).first?.hasSuffix("so the only evaluation is at the end") == true)
    let stopped = try notes(["steps": "4", "evaluate-epochs": "3"])
    #expect(stopped == ["--evaluate-epochs 3: the run ends after 4 steps, before the encoder is evaluated"])
  }
}
