import Evaluation
import Foundation
import Measures

/// Features, logits and the measures of them by scikit-learn and float64 NumPy (scripts/make-evaluation-fixtures.py).
struct MeasureFixture: Decodable {
  struct Expected: Decodable {
    let weighted5, weighted20, classMeans, clusters: [Int32]
    let ece, eceScaled, nll, top1, inertia, nmi, ami, alignment, uniformity: Double
    let temperatures, precision, recall, retrieval, oodKnn, oodMahalanobis: [Double]
    let mahalanobis, mahalanobisClasses: [Double]
  }

  let classes, width: Int
  let train, test, outliers, logits: [Float]
  let trainLabels, testLabels: [Int32]
  let expected: Expected

  static func read() throws -> MeasureFixture {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/measures.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(MeasureFixture.self, from: Data(contentsOf: file))
  }

  var trainingRows: FeatureRows { FeatureRows(features: train, labels: trainLabels, width: width) }
  var testRows: FeatureRows { FeatureRows(features: test, labels: testLabels, width: width) }
  var outlierRows: FeatureRows {
    FeatureRows(features: outliers, labels: Array(repeating: 0, count: outliers.count / width), width: width)
  }
  var probabilities: ClassProbabilities {
    ClassProbabilities(logits: logits, labels: testLabels, classCount: classes)
  }
}

/// Returns true if all numbers agree to 10⁻⁶, relative for values above 1.
func agree(_ numbers: [Double], _ expected: [Double]) -> Bool {
  numbers.count == expected.count
    && zip(numbers, expected).allSatisfy { number, expected in abs(number - expected) <= 1e-6 * max(1, abs(expected)) }
}
