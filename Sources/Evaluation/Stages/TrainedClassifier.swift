import Configuration
import Datasets
import ImageCodecs
import Imaging
import MPI
import Measures
import NeuralNet
import OneDNN
import Runs

/// The numbers of correct top-1 and top-5 predictions of a classifier on a test set.
package struct TestAccuracy {
  package let sampleCount: Int
  package let top1Count: Int
  /// The count for top-5; `nil` for at most five classes, among which every class ranks.
  package let top5Count: Int?

  /// The fraction of samples whose class has the highest score.
  package var top1: Double { Double(top1Count) / Double(sampleCount) }
  /// The fraction of samples whose class is among the five with the highest scores; `nil` for at most five classes.
  package var top5: Double? { top5Count.map { count in Double(count) / Double(sampleCount) } }
  /// Both fractions in words.
  package var text: String {
    "top-1 \(decimal(top1, 4))" + (top5.map { top5 in ", top-5 \(decimal(top5, 4))" } ?? "")
  }
}

/// The encoder and classifier of a training state, in evaluation mode (BatchNorm uses running statistics).
package struct TrainedClassifier {
  private let configuration: Configuration
  private let extraction: FeatureExtraction
  private let layer: LinearLayer
  private let parameters: [Float]

  /// Compiles the encoder and classifier of a training state.
  package init(_ configuration: Configuration, _ state: TrainingState, viewSize: ImageSize) throws {
    self.configuration = configuration
    extraction = try FeatureExtraction(configuration, state, viewSize: viewSize, threads: configuration.compute.threads)
    var layout = VectorLayout()
    layer = LinearLayer(
      &layout, Configuration.classifierName, inputWidth: extraction.width, outputWidth: try configuration.classCount)
    parameters = layout.slices.flatMap { slice in
      guard let own = state.parameterLayout.slices.first(where: { other in other.name == slice.name }) else {
        preconditionFailure("the state has no \(slice.name)")
      }
      return Array(state.parameters[own.range])
    }
  }

  /// Classifies all samples of a dataset and counts the correct predictions.
  ///
  /// Collective; the same counts on any number of ranks and threads.
  package func accuracy(on test: any ImageDataset, over world: borrowing Communicator) throws -> TestAccuracy {
    let width = extraction.width
    let features = try extraction.features(
      of: extraction.makeLoader(test, .none, seed: configuration.compute.seed), over: world)
    world.activity.begin("testing")
    let correct = try ClassRank.correctCounts(labels: test.labels, over: world) { sample in
      let representation = Array(features[sample * width..<(sample + 1) * width])
      var logits = [Float](repeating: 0, count: layer.outputWidth)
      var row = logits.mutableSpan
      try layer.forward(representation.span, parameters: parameters.span, into: &row)
      return logits
    }
    return TestAccuracy(
      sampleCount: test.count, top1Count: correct.top1,
      top5Count: layer.outputWidth > 5 ? correct.top5 : nil)
  }
}
