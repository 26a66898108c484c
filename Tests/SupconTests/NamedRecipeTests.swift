import Foundation
import TestSupport
import Testing

/// The recipes inside the program.
struct NamedRecipeTests {
  private static let names =
    [
      "cifar10-resnet20-supcon", "cifar10-resnet20-cross-entropy", "cifar100-resnet20-supcon",
      "cifar100-resnet20-cross-entropy", "cifar10-resnet50-supcon", "cifar10-resnet50-simclr",
      "imagenet-resnet50-supcon",
    ]
    + ["cifar10", "cifar100"].flatMap { dataset in
      ["cross-entropy", "cross-entropy-autoaugment", "supcon", "supcon-autoaugment", "joint"].map { method in
        "\(dataset)-resnet20-\(method)-200e"
      }
    }

  @Test(arguments: [["recipe"], ["pretrain", "--recipe", "help"], ["bench", "--seed", "x", "--recipe=help"]])
  func listNamesAllOnce(arguments: [String]) throws {
    let result = try succeeding(Workshop().run(ranks: 2, arguments))
    for name in Self.names {
      #expect(result.standardOutput.ranges(of: "  \(name)  ").count == 1, "\(name)")
    }
    let lines = result.standardOutput.split(separator: "\n").filter { line in line.hasPrefix("  ") }
    #expect(lines.count == Self.names.count)
  }

  /// Printed, kept and used again, it is whole: only the data are missing.
  @Test func printedRecipeIsAConfiguration() throws {
    let workshop = try Workshop()
    let printed = try succeeding(workshop.run(ranks: 2, ["recipe", "cifar10-resnet50-supcon"])).standardOutput
    #expect(printed.hasPrefix("# "), "its source")
    try printed.write(toFile: workshop.path("recipe.yaml"), atomically: true, encoding: .utf8)
    let result = try workshop.run([
      "pretrain", "--config", workshop.path("recipe.yaml"), "--data", workshop.path("nothing"), "--output",
      workshop.path("run"),
    ])
    expectRefusal(result, 66, naming: ["nothing"])
  }

  @Test func unknownNameAndOtherCommandAreRefused() throws {
    let workshop = try Workshop()
    try workshop.expectRefusal(
      ["pretrain", "--recipe", "cifar10-resnet20-supcn"], 64,
      naming: ["--recipe cifar10-resnet20-supcn", "did you mean 'cifar10-resnet20-supcon'?"])
    try workshop.expectRefusal(
      ["bench", "--recipe", "mnist"], 64, naming: ["--recipe mnist", "expected one of", "imagenet"])
    try workshop.expectRefusal(
      ["pretrain", "--recipe", "cifar10-resnet20-cross-entropy"], 64,
      naming: ["--recipe cifar10-resnet20-cross-entropy", "is for supcon supervised"])
    let result = try workshop.run(["recipe", "cifar10-resnet50"])
    expectRefusal(result, 64, naming: ["cifar10-resnet50", "expected one of"])
  }
}
