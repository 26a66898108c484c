import Runs
import Testing

/// The command that trains a classifier which a run lacks.
struct ClassifierFileTests {
  @Test func `the command that trains a missing classifier names data, checkpoint and weights`() {
    #expect(ClassifierFile.trainingCommand(run: "runs/a") == "supcon linear runs/a")
    #expect(
      ClassifierFile.trainingCommand(run: "runs/a", data: "b", checkpoint: "best", weights: .average)
        == "supcon linear runs/a --data b --checkpoint best --weights-of average")
  }

  @Test func `paths with spaces and quotes are one word of a shell each`() {
    #expect(
      ClassifierFile.trainingCommand(run: "my runs/a", data: "it's/b", checkpoint: "12")
        == #"supcon linear 'my runs/a' --data 'it'\''s/b' --checkpoint 12"#)
  }
}
