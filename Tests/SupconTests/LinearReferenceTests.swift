import Foundation
import TestSupport
import Testing

/// `supcon linear` against its definition, computed in float64: a softmax regression on standardized features, trained
/// by SGD.
struct LinearReferenceTests {
  private static let (width, classes) = (64, 10)

  /// The regression; a row of ``parameters`` is a class, whose last element is the bias.
  private struct Regression {
    static let (batch, epochs, seed) = (64, 3, UInt32(7))
    static let (rate, momentum, decay) = (0.05, 0.9, 0.05)

    var parameters: [[Double]]
    /// The mean loss of each epoch's batches, each before its update.
    var losses: [Double] = []

    /// The options of the command for the same training.
    static var options: [String] {
      [
        "--epochs", "\(epochs)", "--learning-rate", "\(rate)", "--momentum", "\(momentum)", "--weight-decay",
        "\(decay)",
      ]
    }

    func logits(_ sample: [Double]) -> [Double] {
      parameters.map { row in
        var sum = 0.0
        for index in row.indices { sum += row[index] * sample[index] }
        return sum
      }
    }

    /// The mean loss of a batch, and its gradient.
    private func crossEntropy(_ samples: [[Double]], _ labels: [Int]) -> (loss: Double, gradient: [[Double]]) {
      var (loss, gradient) = (0.0, parameters.map { row in row.map { _ in 0.0 } })
      for (sample, label) in zip(samples, labels) {
        let powers = logits(sample).map { logit in exp(logit) }
        let sum = powers.reduce(0, +)
        loss -= log(powers[label] / sum) / Double(samples.count)
        for row in gradient.indices {
          let slope = (powers[row] / sum - (row == label ? 1 : 0)) / Double(samples.count)
          for index in sample.indices { gradient[row][index] += slope * sample[index] }
        }
      }
      return (loss, gradient)
    }

    /// Trains on samples whose last element is 1, by g ← ∇ + decay w, m ← momentum m + g, w ← w − rate(k) m in step k.
    ///
    /// The learning rate falls along half a cosine over all steps; the last, incomplete batch of an epoch is left out.
    mutating func train(_ samples: [[Double]], _ labels: [Int]) {
      var velocity = parameters.map { row in row.map { _ in 0.0 } }
      let steps = samples.count / Self.batch
      for epoch in 0..<Self.epochs {
        let order = Self.order(of: samples.count, epoch: UInt32(epoch))
        var sum = 0.0
        for step in 0..<steps {
          let batch = order[step * Self.batch..<(step + 1) * Self.batch]
          let (loss, gradient) = crossEntropy(
            batch.map { place in samples[place] }, batch.map { place in labels[place] })
          sum += loss
          let progress = Double(epoch * steps + step) / Double(steps * Self.epochs)
          let rate = Self.rate * (1 + cos(Double.pi * progress)) / 2
          for row in velocity.indices {
            for index in velocity[row].indices {
              let decayed = gradient[row][index] + Self.decay * parameters[row][index]
              velocity[row][index] = Self.momentum * velocity[row][index] + decayed
              parameters[row][index] -= rate * velocity[row][index]
            }
          }
        }
        losses.append(sum / Double(steps))
      }
    }

    /// The order of an epoch's samples: Fisher and Yates's shuffle from the end, each draw ⌊word · bound / 2³²⌋ of a
    /// Philox word; the order of the linear probe is purpose 5.
    private static func order(of count: Int, epoch: UInt32) -> [Int] {
      let blocks = UInt32(count / 4 + 1)
      let words = (0..<blocks).flatMap { block in philox([block, epoch, 0, 5]) }
      var order = Array(0..<count)
      for draw in 0..<count - 1 {
        let last = count - 1 - draw
        order.swapAt(last, Int((UInt64(words[draw]) * UInt64(last + 1)) >> 32))
      }
      return order
    }

    /// Philox4x32-10 (Salmon and others 2011) with the seed as its key.
    private static func philox(_ counter: [UInt32]) -> [UInt32] {
      var (words, key, otherKey) = (counter, seed, UInt32(0))
      for _ in 0..<10 {
        let first = UInt64(words[0]) * 0xD251_1F53
        let second = UInt64(words[2]) * 0xCD9E_8D57
        let (high, otherHigh) = (UInt32(second >> 32), UInt32(first >> 32))
        let (mixed, otherMixed) = (high ^ words[1], otherHigh ^ words[3])
        words = [
          mixed ^ key, UInt32(truncatingIfNeeded: second), otherMixed ^ otherKey, UInt32(truncatingIfNeeded: first),
        ]
        key &+= 0x9E37_79B9
        otherKey &+= 0xBB67_AE85
      }
      return words
    }
  }

  /// The representations of a split, a row for each sample, and its labels.
  private func samples(_ workshop: Workshop, _ split: String) throws -> (rows: [[Double]], labels: [Int]) {
    let (output, labels) = (workshop.path("\(split).npy"), workshop.path("\(split)-labels.npy"))
    try succeeding(
      workshop.run(["embed", workshop.path("run"), "--split", split, "--output", output, "--labels", labels]))
    let elements = try PlainNumPy.read(output, as: Float.self).elements.map(Double.init)
    let numbers = try PlainNumPy.read(labels, as: Int64.self).elements.map(Int.init)
    try #require(elements.count == numbers.count * Self.width)
    let rows = numbers.indices.map { row in Array(elements[row * Self.width..<(row + 1) * Self.width]) }
    return (rows, numbers)
  }

  /// Runs the command and reads the file of the classifier.
  private func classifier(_ workshop: Workshop, _ options: [String]) throws -> WeightsFile {
    let sizes = ["--batch-size", "\(Regression.batch)", "--shard-size", "16", "--seed", "\(Regression.seed)"]
    try succeeding(workshop.run(["linear", workshop.path("run")] + sizes + options))
    return try WeightsFile(path: workshop.path("run/linear/classifier.safetensors"))
  }

  /// Weight and bias of a classifier, `[classes][width + 1]`.
  private func parameters(_ file: WeightsFile) throws -> [[Double]] {
    let (weight, bias) = (floats(file.tensors["fc.weight"]), floats(file.tensors["fc.bias"]))
    try #require(weight.count == Self.classes * Self.width && bias.count == Self.classes)
    return bias.indices.map { row in Array(weight[row * Self.width..<(row + 1) * Self.width]) + [bias[row]] }
  }

  private func largestDifference(_ first: [[Double]], _ second: [[Double]]) -> Double {
    zip(first.joined(), second.joined()).map { one, other in abs(one - other) }.max() ?? .infinity
  }

  /// Mean and 1 ÷ standard deviation (of n − 1) of each feature, 0 for one that does not vary.
  private func expectStandardization(_ mean: [Double], _ factor: [Double], of rows: [[Double]]) {
    for column in mean.indices {
      let values = rows.map { row in row[column] }
      let center = values.reduce(0, +) / Double(values.count)
      let squares = values.map { value in (value - center) * (value - center) }
      let deviation = (squares.reduce(0, +) / Double(values.count - 1)).squareRoot()
      let varies = deviation > 1e-6 * abs(center)
      #expect(abs(mean[column] - center) < 1e-6 * max(1, abs(center)), "feature \(column)")
      #expect(abs(factor[column] * deviation - (varies ? 1 : 0)) < 1e-6, "feature \(column)")
    }
  }

  @Test func `weights, losses and accuracy are those of the definition`() throws {
    let workshop = try Workshop()
    let encoder = ["--model", "resnet8", "--image-size", "16", "--precision", "float32"]
    try succeeding(workshop.pretrain("run", ["--steps", "0"] + encoder))
    let (training, test) = (try samples(workshop, "train"), try samples(workshop, "test"))

    // A learning rate of 0 leaves the initial weights.
    let initial = try parameters(classifier(workshop, ["--epochs", "1", "--learning-rate", "0"]))
    let file = try classifier(workshop, Regression.options)
    let found = try parameters(file)
    let mean = floats(file.tensors["standardization.mean"])
    let factor = floats(file.tensors["standardization.factor"])
    try #require(mean.count == Self.width && factor.count == Self.width)
    expectStandardization(mean, factor, of: training.rows)
    func standardized(_ rows: [[Double]]) -> [[Double]] {
      rows.map { row -> [Double] in
        let features = row.indices.map { column in (row[column] - mean[column]) * factor[column] }
        return features + [1]
      }
    }

    var regression = Regression(parameters: initial)
    regression.train(standardized(training.rows), training.labels)
    try #require(largestDifference(initial, found) > 0.01)
    #expect(largestDifference(found, regression.parameters) < 2e-5)
    let losses = try JSONFields.lines(path: workshop.path("run/linear/metrics.jsonl")).map { line in
      try line.number("loss")
    }
    #expect(losses.count == Regression.epochs)
    #expect(zip(losses, regression.losses).allSatisfy { one, other in abs(one - other) < 1e-5 }, "\(losses)")

    // A sample that rounding could decide may count or not.
    var (correct, close) = (0, 0)
    for (sample, label) in zip(standardized(test.rows), test.labels) {
      var others = regression.logits(sample)
      let own = others.remove(at: label)
      let margin = own - (others.max() ?? own)
      correct += margin > 0 ? 1 : 0
      close += abs(margin) < 1e-3 ? 1 : 0
    }
    let counted = try workshop.summary("run", stage: "linear").number("top1_correct")
    #expect(abs(counted - Double(correct)) <= Double(close))
  }
}
