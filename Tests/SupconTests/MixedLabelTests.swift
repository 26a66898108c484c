import Foundation
import ImageCodecs
import TestSupport
import Testing

/// Views that show two samples (mixup, CutMix) through a whole step of `supcon supervised`.
struct MixedLabelTests {
  private static let (batch, shard, side, classes) = (16, 4, 32, 10)

  /// The dump of one step.
  private struct Step {
    let samples, labels: [Int]
    /// The levels of each row's view, `[height, width, 3]`.
    let views: [[Double]]
    /// log softmax of each row's logits.
    let logProbabilities: [[Double]]
    let biasGradient: [Double]
    let loss: Double
  }

  /// Takes one step that leaves the weights as they are, as its learning rate is 0.
  private func step(_ workshop: Workshop, _ run: String, _ options: [String]) throws -> Step {
    let dump = workshop.path("\(run)-dump")
    let arguments = [
      "supervised", "--dataset", "cifar10", "--data", workshop.data, "--output", workshop.path(run), "--model",
      "resnet8", "--batch-size", "\(Self.batch)", "--shard-size", "\(Self.shard)", "--epochs", "3",
      "--evaluate-epochs", "0", "--precision", "float32", "--augmentation", "none", "--learning-rate", "0", "--steps",
      "1", "--dump-step", "1", dump,
    ]
    try succeeding(workshop.run(arguments + options))
    func integers(_ name: String) throws -> [Int] {
      try PlainNumPy.read("\(dump)/\(name).npy", as: Int32.self).elements.map(Int.init)
    }
    func numbers(_ name: String) throws -> [Double] {
      try PlainNumPy.read("\(dump)/\(name).npy", as: Float.self).elements.map(Double.init)
    }
    let file = try WeightsFile(path: workshop.path("\(run)/checkpoints/step-00000001.safetensors"))
    let (weight, bias) = (floats(file.tensors["fc.weight"]), floats(file.tensors["fc.bias"]))
    return Step(
      samples: try integers("samples"), labels: try integers("labels"), views: try views(dump),
      logProbabilities: try logProbabilities(numbers("representations"), weight, bias),
      biasGradient: try numbers("gradients/fc.bias"), loss: try workshop.summary(run).number("final_loss"))
  }

  /// The columns of the dumped sheets, one for each sample.
  private func views(_ dump: String) throws -> [[Double]] {
    var views: [[Double]] = []
    for shard in 0..<Self.batch / Self.shard {
      let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: "\(dump)/views/shard-000\(shard).png")))
      let sheet = try RGBImage(decoding: bytes)
      try #require(sheet.width == Self.shard * Self.side && sheet.height == Self.side)
      for place in 0..<Self.shard {
        var view: [Double] = []
        for row in 0..<Self.side {
          let start = 3 * (row * sheet.width + place * Self.side)
          view += sheet.samples[start..<start + 3 * Self.side].map { level in Double(level) }
        }
        views.append(view)
      }
    }
    return views
  }

  /// log softmax(W h + b) of each representation h.
  private func logProbabilities(_ features: [Double], _ weight: [Double], _ bias: [Double]) throws -> [[Double]] {
    let width = features.count / Self.batch
    try #require(width > 0 && bias.count == Self.classes && weight.count == Self.classes * width)
    return (0..<Self.batch).map { row -> [Double] in
      var logits = bias
      for index in logits.indices {
        for column in 0..<width { logits[index] += weight[index * width + column] * features[row * width + column] }
      }
      let sum = logits.reduce(0.0) { sum, logit in sum + exp(logit) }
      return logits.map { logit in logit - log(sum) }
    }
  }

  /// The share λ of a view in its mixture.
  ///
  /// Of mixup by least squares from λ x + (1 − λ) x', which was rounded; of CutMix the share of the pixels that are the
  /// view's own.
  private func share(_ option: String, of mixture: [Double], _ own: [Double], _ other: [Double]) -> Double {
    guard option == "--mixup" else {
      let pixels = stride(from: 0, to: own.count, by: 3)
      let kept = pixels.count { start in mixture[start..<start + 3] == own[start..<start + 3] }
      return Double(kept) / Double(own.count / 3)
    }
    var (product, square) = (0.0, 0.0)
    for index in own.indices {
      let difference = own[index] - other[index]
      product += (mixture[index] - other[index]) * difference
      square += difference * difference
    }
    return product / square
  }

  /// L = 1/n Σ λ CE(a) + (1 − λ) CE(b), whose gradient by the biases is the mean of softmax − λ [a] − (1 − λ) [b].
  @Test(arguments: [("--mixup", "0.4"), ("--cutmix", "1")])
  func `the labels are mixed as the views are`(option: String, parameter: String) throws {
    let workshop = try Workshop()
    let (plain, mixed) = (try step(workshop, "plain", []), try step(workshop, "mixed", [option, parameter]))
    try #require(mixed.samples == plain.samples && mixed.labels == plain.labels)
    try #require(mixed.labels.count == Self.batch && mixed.biasGradient.count == Self.classes)
    let rows = Double(Self.batch)
    var loss = 0.0
    var (gradient, shift) = ([Double](repeating: 0, count: Self.classes), [Double](repeating: 0, count: Self.classes))
    for row in 0..<Self.batch {
      // The partner has the same place in the shard, counted from its end.
      let partner = row / Self.shard * Self.shard + Self.shard - 1 - row % Self.shard
      let weight = share(option, of: mixed.views[row], plain.views[row], plain.views[partner])
      let (label, other) = (mixed.labels[row], mixed.labels[partner])
      let logs = mixed.logProbabilities[row]
      loss -= (weight * logs[label] + (1 - weight) * logs[other]) / rows
      for index in gradient.indices { gradient[index] += exp(logs[index]) / rows }
      gradient[label] -= weight / rows
      gradient[other] -= (1 - weight) / rows
      shift[label] += (1 - weight) / rows
      shift[other] -= (1 - weight) / rows
    }
    let differences = zip(mixed.biasGradient, gradient).map { found, expected in abs(found - expected) }
    #expect(abs(mixed.loss - loss) < 1e-3, "\(mixed.loss), \(loss)")
    #expect((differences.max() ?? 1) < 3e-4, "\(differences)")
    // With the labels of the samples alone the gradient is another.
    #expect((shift.map { element in abs(element) }.max() ?? 0) > 3e-3)
  }
}
