import Configuration
import Datasets
import Foundation
import Reporting
import TestSupport
import Testing

/// The results on the page of a run, by the files that are in the run directory.
struct RecordedResultsTests {
  /// Writes the files of a run directory, which has a configuration at least, and reads it.
  private func makeRun(_ path: String, _ files: [String: String]) throws -> RunRecord {
    let all = files.merging(["config.yaml": Configuration().yaml()]) { own, _ in own }
    for (name, text) in all {
      let file = URL(fileURLWithPath: "\(path)/\(name)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try writeBytes(Array(text.utf8), to: file.path)
    }
    return try RunRecord(path: path)
  }

  private func page(_ directory: borrowing TemporaryDirectory, _ files: [String: String]) throws -> String {
    ReportStage.page([try makeRun(directory.file("run"), files)]).html
  }

  /// The log of four epochs of five steps, of which every tenth was logged.
  private static let log: String = {
    let epochs = (1...4).map { epoch -> String in
      let loss = 4 - Double(epoch) / 4
      return #"{"kind":"epoch","step":\#(5 * epoch),"epoch":\#(epoch),"loss":\#(loss),"loss_lower_bound":2}"#
    }
    let steps = [10, 20].map { step -> String in
      let excess = 10 / Double(step)
      return
        #"{"kind":"step","step":\#(step),"epoch":\#(step / 5),"loss":\#(2 + excess),"loss_lower_bound":2,"loss_excess":\#(excess),"gradient_norm":\#(step),"seconds_by_part":{"forward":0.2}}"#
    }
    return (epochs + steps).joined(separator: "\n")
  }()

  @Test(arguments: [
    ("{}", "last loss", "2.5", "0.5"),
    (#"{"steps":20,"final_loss":2.5,"loss_lower_bound":2}"#, "last loss", "2.5", "0.5"),
    // An interval of logged steps has not ended yet.
    (#"{"steps":22,"final_loss":2.25,"loss_lower_bound":2}"#, "last loss", "2.25", "0.25"),
    (#"{"steps":22}"#, "loss of step 20", "2.5", "0.5"),
  ])
  func `the last loss is that of the last step, not the mean of an epoch`(
    summary: String, name: String, loss: String, excess: String
  ) throws {
    let directory = try TemporaryDirectory()
    let run = try makeRun(directory.file("run"), ["metrics.jsonl": Self.log, "summary.json": summary])
    let html = ReportStage.page([run]).html
    #expect(html.contains("<dt>\(name)</dt><dd>\(loss)</dd>"))
    #expect(html.contains("<dt>above its lower bound</dt><dd>\(excess)</dd>"))
    let cell = name == "last loss" ? loss : "\(loss) (step 20)"
    let comparison = ReportStage.page([run, try makeRun(directory.file("other"), [:])]).html
    #expect(comparison.contains("<th scope=\"row\">last loss</th><td class=\"n\">\(cell)</td>"))
    #expect(comparison.contains("<th scope=\"row\">above its bound</th><td class=\"n\">\(excess)</td>"))
  }

  @Test func `the curves of a run have points of epochs, or of steps, together`() throws {
    let directory = try TemporaryDirectory()
    let html = try page(directory, ["metrics.jsonl": Self.log])
    #expect(html.contains("loss from 3.75 to 3 ") && html.contains("Loss above its lower bound from 1.75 to 1 "))
    // Epochs have no gradient norm.
    #expect(html.contains("Gradient norm from 10 to 20 ") && html.contains("Of the logged steps (--log-steps)."))
  }

  @Test func `results on validation images are shown as such`() throws {
    let directory = try TemporaryDirectory()
    let evaluation = #"{"knn_top1":0.25,"neighbors":3,"train_samples":10,"knn20_weighted_top1":1}"#
    let files = [
      "linear-validation/summary.json": #"{"linear_top1":0.5}"#, "evaluation-validation/summary.json": evaluation,
    ]
    let html = try page(directory, files)
    #expect(html.contains("linear probe, top-1, on validation images"))
    #expect(html.contains("k-NN, k 3, top-1, on validation images"))
    #expect(!html.contains("No results of later stages yet") && !html.contains("k 20, on validation images"))
    let both = files.merging(["linear/summary.json": #"{"linear_top1":0.75}"#]) { own, _ in own }
    let comparison = ReportStage.page([
      try makeRun(directory.file("a"), both), try makeRun(directory.file("b"), files),
    ]).html
    #expect(comparison.contains(#/>linear probe, top-1</th><td class="n">75.0.%</td>\s*<td class="n">–</#))
    #expect(
      comparison.contains(#/top-1, on validation images</th><td class="n">50.0.%</td>\s*<td class="n">50.0.%</#))
  }

  @Test func `results on validation images in the folders of test images are shown as such`() throws {
    let directory = try TemporaryDirectory()
    let test = #""test_top1":0.5,"average_test_top1":0.25,"test_split""#
    func files(_ split: String) -> [String: String] {
      [
        "summary.json":
          #"{\#(test):"\#(split)","linear_top1":0.5,"knn_top1":0.25,"average_linear_top1":0.75,"train_top1":1}"#,
        "metrics.jsonl": #"{"kind":"test","step":1,"epoch":1,"classifier_top1":1,\#(test):"\#(split)"}"#,
        "linear/summary.json": #"{"linear_top1":0.5,"split":"\#(split)"}"#,
        "linear-average/summary.json": #"{"linear_top1":0.75,"split":"\#(split)"}"#,
        "evaluation/summary.json": #"{"knn_top1":0.25,"neighbors":3,"train_samples":10,"split":"\#(split)"}"#,
      ]
    }
    let names = [
      "classifier on test images, top-1", "classifier on test images, top-1, averaged weights", "linear probe, top-1",
      "linear probe, top-1, averaged weights", "k-NN, k 3, top-1",
    ]
    let ofValidation = [
      "classifier on validation images, top-1", "classifier on validation images, top-1, averaged weights",
      "linear probe, top-1, on validation images", "linear probe, top-1, on validation images, averaged weights",
      "k-NN, k 3, top-1, on validation images",
    ]
    for (split, shown, others) in [("test", names, ofValidation), ("validation", ofValidation, names)] {
      let html = try page(directory, files(split))
      for name in shown { #expect(html.contains(">\(name)</th>"), "\(split) \(name)") }
      for name in others { #expect(!html.contains(">\(name)<"), "\(split) \(name)") }
      #expect(html.contains("</svg>\(shown[0])</li>") && html.contains("classifier on training views, top-1"))
    }
  }

  @Test func `a comparison on validation images takes their results alone`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("run")
    let summary = #"{"linear_top1":0.1,"knn_top1":0.1,"average_linear_top1":0.1,"test_top1":0.9}"#
    var files = ["summary.json": summary, "linear/summary.json": #"{"linear_top1":0.1,"split":"test"}"#]
    _ = try makeRun(path, files)
    #expect(try RunRecord(path: path, split: .validation).results == ["test_top1": 0.9])
    for (folder, field) in [
      ("linear", "linear_top1"), ("linear-average", "linear_top1"), ("evaluation-average", "knn_top1"),
      ("evaluation-pixels", "pixel_knn_top1"),
    ] {
      files["\(folder)-validation/summary.json"] = #"{"\#(field)":0.5,"split":"validation"}"#
    }
    _ = try makeRun(path, files)
    let expected = [
      "test_top1": 0.9, "linear_top1": 0.5, "average_linear_top1": 0.5, "average_knn_top1": 0.5, "pixel_knn_top1": 0.5,
    ]
    #expect(try RunRecord(path: path, split: .validation).results == expected)
    // Those of a run without test images are in the folders of test images.
    files = ["summary.json": summary, "linear/summary.json": #"{"linear_top1":0.1,"split":"validation"}"#]
    _ = try makeRun(path, files)
    try FileManager.default.removeItem(atPath: "\(path)/linear-validation")
    #expect(try RunRecord(path: path, split: .validation).results["linear_top1"] == 0.1)
  }

  @Test(arguments: [
    (#"{"knn_top1":0.5,"neighbors":3,"train_samples":50}"#, "k-NN, k 3, top-1"),
    (#"{"knn_top1":0.5,"neighbors":20,"train_samples":50}"#, "k-NN, k 20, top-1"),
    // Only summary.json has it.
    ("{}", "k-NN, top-1"),
  ])
  func `the accuracy of k-NN is named with its k where that is known`(evaluation: String, name: String) throws {
    let directory = try TemporaryDirectory()
    let html = try page(
      directory, ["summary.json": #"{"knn_top1":0.5}"#, "evaluation/summary.json": evaluation])
    #expect(html.contains(">\(name)</th>") && html.matches(of: #/>k-NN, /#).count == 2)
  }

  @Test func `the summary of a run has the k of its accuracies of k-NN`() throws {
    let directory = try TemporaryDirectory()
    let fields = #""knn_top1":0.5,"knn_neighbors":7,"average_knn_top1":0.25,"average_knn_neighbors":9"#
    let pixels = #""pixel_knn_top1":0.125,"pixel_knn_neighbors":11"#
    let html = try page(directory, ["summary.json": "{\(fields),\(pixels)}"])
    for name in ["k-NN, k 7, top-1", "k-NN, k 9, top-1, averaged weights", "k-NN on pixels, k 11, top-1"] {
      #expect(html.contains(">\(name)</th>"), "\(name)")
    }
    #expect(!html.contains(">k-NN, top-1<") && !html.contains("neighbors</th>"))
    // An evaluation has another accuracy, of a k that is not known.
    let other = try page(
      directory, ["summary.json": "{\(fields)}", "evaluation/summary.json": #"{"knn_top1":0.75}"#])
    #expect(other.contains(">k-NN, top-1</th>") && !other.contains("k-NN, k 7"))
  }

  @Test(arguments: [(10, [20: false, 200: false]), (100, [20: true, 200: false]), (200, [20: true, 200: true])])
  func `votes of more neighbors than there are images are not drawn`(count: Int, drawn: [Int: Bool]) throws {
    let directory = try TemporaryDirectory()
    let row =
      #"{"kind":"evaluation","step":1,"epoch":1,"reference_samples":\#(count),"knn20_weighted_top1":0.5,"knn200_weighted_top1":0.5,"average_knn200_weighted_top1":0.5,"classifier_top1":0.5}"#
    let html = try page(directory, ["metrics.jsonl": row])
    for (k, isDrawn) in drawn {
      #expect(html.contains("</svg>weighted k-NN, k \(k)</li>") == isDrawn, "\(k)")
    }
    #expect(html.contains("k 200, averaged weights") == (count >= 200))
    #expect(html.contains("classifier on held-out images, top-1"))
  }

  @Test func `imported weights have no training to repeat or to continue`() throws {
    let directory = try TemporaryDirectory()
    let fields = #""command":"import","weights":"w.safetensors","layout":"torchvision","version":"0.2.0","steps":0"#
    let line = #","command_line":["supcon","import","w.safetensors","--layout","torchvision"]"#
    for (summary, hasCommand) in [("{\(fields)}", false), ("{\(fields)\(line)}", true)] {
      let html = try page(directory, ["summary.json": summary])
      #expect(html.contains("Imported from w.safetensors of the layout torchvision") && html.contains("imported by"))
      #expect(html.contains("<pre>supcon import w.safetensors --layout torchvision</pre>") == hasCommand)
      for text in ["--resume", "Repeat it", "supcon pretrain", "trained by", "Not finished", "<th scope=\"row\">loss"] {
        #expect(!html.contains(text), "\(text)")
      }
    }
  }

  @Test(arguments: [
    ["run"], ["run", "other"],
  ])
  func `options of the encoder's images are refused where a report has none`(runs: [String]) {
    let changes: [(option: String, change: (inout ReportStage.Request) -> Void)] = [
      ("--checkpoint 13", { request in request.checkpoint = "13" }),
      ("--weights-of average", { request in request.weights = .average }),
      ("--data", { request in request.data = "photos" }),
    ]
    for (option, change) in changes {
      var request = ReportStage.Request(runs: runs)
      change(&request)
      #expect((request.problem == nil) == (runs.count == 1))
      request.hasImages = false
      #expect(request.problem?.hasPrefix("\(option): ") == true, "\(option)")
    }
    #expect(ReportStage.Request(runs: runs).problem == nil)
    var request = ReportStage.Request(runs: runs)
    request.hasImages = false
    #expect(runs.count == 1 ? request.problem == nil : request.problem?.hasPrefix("--no-images: ") == true)
  }
}
