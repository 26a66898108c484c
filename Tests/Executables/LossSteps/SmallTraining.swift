import FlatVectors
import Losses
import MPI
import NeuralNet
import Optimizers

/// Inputs of width 6 → hidden 8, ReLU → embeddings of width 5, unit rows; in joint training hidden → 3 classes too.
///
/// Made of the same parts as the real step, in its order: shards, gather, loss, tree, optimizer.
struct SmallTraining {
  private static let crossEntropyWeight = 0.5

  private let vector: FlatVector
  var parameters: [Float] { Array(vector) }

  private let isJoint: Bool
  private let isStopped: Bool
  private let first: LinearLayer
  private let second: LinearLayer
  private let classifier: LinearLayer
  private let loss: ContrastiveLoss<Float>
  private let crossEntropy = CrossEntropy(classCount: 3, labelSmoothing: 0.1)
  private let reduction: TreeReduction<Float>
  private let optimizer: SGD
  private var taken = 0

  init(_ variant: LossVariant, parameters: [Float], joint: String, over world: borrowing Communicator) {
    vector = FlatVector(parameters)
    isJoint = joint != "none"
    isStopped = joint == "stopped"
    var layout = VectorLayout()
    first = LinearLayer(&layout, "first", inputWidth: 6, outputWidth: 8)
    second = LinearLayer(&layout, "second", inputWidth: 8, outputWidth: 5)
    classifier = LinearLayer(&layout, "classifier", inputWidth: 8, outputWidth: 3)
    loss = ContrastiveLoss(
      blocks: RowBlocks(
        rowCount: batch.samples * batch.views, rowsPerShard: batch.samplesPerShard * batch.views, ranks: world.size),
      width: 5, temperature: 0.2, variant: variant,
      rowOrder: RowOrder(samplesPerGroup: batch.samplesPerShard, views: batch.views))
    reduction = TreeReduction(length: layout.count + 1, shards: loss.blocks.shards, rank: world.rank)
    optimizer = SGD(
      momentum: 0.9, usesNesterov: false, weightDecay: WeightDecay(1e-4, of: layout))
  }

  /// One step on the batch; returns its loss.
  mutating func step(inputs: [Float], labels: [Int32], over world: borrowing Communicator) throws -> Float {
    let parameters = parameters
    let own = loss.blocks.shards[world.rank]
    let rows = loss.blocks.rowsPerShard
    var (hidden, embeddings, lengths): ([[Float]], [Float], [[Float]]) = ([], [], [])
    for shard in own {
      var activations = [Float](repeating: 0, count: rows * 8)
      var projections = [Float](repeating: 0, count: rows * 5)
      let shardInputs = Array(inputs[shard * rows * 6..<(shard + 1) * rows * 6])
      var outputs = activations.mutableSpan
      try first.forward(shardInputs.span, parameters: parameters.span, into: &outputs)
      activations = activations.map { element in max(element, 0) }
      var projected = projections.mutableSpan
      try second.forward(activations.span, parameters: parameters.span, into: &projected)
      var unitRows = projections
      var shardLengths = [Float](repeating: 0, count: rows)
      var unit = unitRows.mutableSpan
      var lengthsOfRows = shardLengths.mutableSpan
      L2Normalization.forward(projections.span, width: 5, into: &unit, lengths: &lengthsOfRows)
      hidden.append(activations)
      embeddings += unitRows
      lengths.append(shardLengths)
    }

    try loss.gather(embeddings.span, over: world)
    let shardLosses = try loss.losses(of: RowClasses(labels: labels), over: world)
    var embeddingGradients = [Float](repeating: 0, count: embeddings.count)
    var gradients = embeddingGradients.mutableSpan
    loss.gradients(ofRank: world.rank, into: &gradients)

    for (index, shard) in own.enumerated() {
      let elements = index * rows * 5..<(index + 1) * rows * 5
      let (unitRows, shardLengths) = (Array(embeddings[elements]), lengths[index])
      var rowGradients = Array(embeddingGradients[elements])
      var ofRows = rowGradients.mutableSpan
      L2Normalization.backward(unitRows: unitRows.span, lengths: shardLengths.span, gradient: &ofRows, width: 5)
      let shardInputs = Array(inputs[shard * rows * 6..<(shard + 1) * rows * 6])
      let shardLabels = Array(labels[shard * rows..<(shard + 1) * rows])
      let (gradient, ofCrossEntropy) = try backward(
        inputs: shardInputs, hidden: hidden[index], labels: shardLabels, rowGradients: rowGradients)
      let summand = gradient + [Float(shardLosses[index] + ofCrossEntropy)]
      reduction.add(summand.span, shard: shard)
    }
    var reduced = [Float](repeating: 0, count: parameters.count + 1)
    try reduction.finish(over: world, into: &reduced)
    optimizer.update(
      vector, gradient: reduced.span.extracting(0..<parameters.count), learningRate: 0.05, step: taken)
    taken += 1
    return reduced[parameters.count]
  }

  /// One shard's gradient of the parameters, and its part of the cross-entropy.
  private func backward(
    inputs: [Float], hidden: [Float], labels: [Int32], rowGradients: [Float]
  ) throws -> (gradient: [Float], crossEntropy: Double) {
    let parameters = parameters
    var gradient = [Float](repeating: 0, count: parameters.count)
    var ofParameters = gradient.mutableSpan
    var hiddenGradient = [Float](repeating: 0, count: hidden.count)
    var ofHidden = hiddenGradient.mutableSpan
    try second.backward(
      input: hidden.span, outputGradient: rowGradients.span, parameters: parameters.span, into: &ofParameters,
      inputGradient: &ofHidden)
    var value = 0.0
    if isJoint {
      var logits = [Float](repeating: 0, count: labels.count * 3)
      var lines = logits.mutableSpan
      try classifier.forward(hidden.span, parameters: parameters.span, into: &lines)
      value = crossEntropy.lossAndGradient(
        of: &lines, labels: RowLabels(labels), weight: Self.crossEntropyWeight / Double(batch.samples * batch.views))
      var ofClassifier = [Float](repeating: 0, count: isStopped ? 0 : hidden.count)
      var fromClassifier = ofClassifier.mutableSpan
      try classifier.backward(
        input: hidden.span, outputGradient: logits.span, parameters: parameters.span, into: &ofParameters,
        inputGradient: &fromClassifier)
      for index in ofClassifier.indices {
        hiddenGradient[index] += ofClassifier[index]
      }
    }
    for index in hidden.indices where hidden[index] <= 0 {
      hiddenGradient[index] = 0
    }
    var nothing: [Float] = []
    var noInputGradient = nothing.mutableSpan
    var rest = gradient.mutableSpan
    try first.backward(
      input: inputs.span, outputGradient: hiddenGradient.span, parameters: parameters.span, into: &rest,
      inputGradient: &noInputGradient)
    return (gradient, value)
  }
}
