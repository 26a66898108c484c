import Configuration
import Datasets
import Formats
import ImageCodecs
import Imaging
import Runs

/// The image preprocessing that a run's encoder expects, and the class names of its classifier, available without the
/// run's dataset.
package struct ImagePreprocessing: Sendable {
  /// The metadata key of the class names in a classifier's file; the value is a JSON list.
  package static let classNamesMetadata = "class_names"
  /// The side of the center crop relative to the shorter side of the resized image.
  private static let cropRatio = 0.875

  /// The mean and standard deviation per channel with which the input is standardized.
  package let normalization: ChannelNormalization
  /// The conversion of 16-bit gray images to 8 bits.
  package let sixteenBit: SixteenBit
  /// The height and width of the encoder's input.
  package let viewSize: ImageSize
  /// The names of the classes in the order of the labels; empty if unknown.
  package var classNames: [String]

  /// Reads the preprocessing from a run's files; `nil` if they do not contain mean and standard deviation.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration.
  ///   - run: The run directory; its linear classifier may contain the class names.
  package init?(_ configuration: Configuration, run: String) {
    let known: (ChannelNormalization, ImageSize)? =
      if let variant = CIFARDataset.Variant(rawValue: configuration.data.dataset.rawValue) {
        (variant.normalization, ImageSize(width: 32, height: 32))
      } else if configuration.data.dataset == .shapes {
        {
          let shapes = ShapesDataset(count: 1, seed: 0, split: .test)
          return (shapes.normalization, shapes.viewSize)
        }()
      } else {
        configuration.data.normalization.flatMap { normalization in
          configuration.data.imageSize.map { size in (normalization, ImageSize(width: size, height: size)) }
        }
      }
    guard let (normalization, size) = known else { return nil }
    self.normalization = normalization
    sixteenBit = configuration.data.sixteenBit ?? .clip
    viewSize = configuration.data.imageSize.map { side in ImageSize(width: side, height: side) } ?? size
    classNames = Self.classNames(ofClassifierIn: run) ?? Self.classNames(ofSummaryIn: run) ?? []
  }

  /// Returns the error for a run whose files do not contain mean, standard deviation and size.
  ///
  /// - Parameters:
  ///   - run: The run directory.
  ///   - remedy: What to do about it.
  /// - Returns: The error.
  package static func missing(in run: String, remedy: String = "train again to have them") -> RunError {
    RunError(.configuration, "\(run)/config.yaml: names no mean, std and image-size", remedy: remedy)
  }

  /// Returns the class names in the metadata of the linear probe's classifier.
  private static func classNames(ofClassifierIn run: String) -> [String]? {
    RunWeights.allCases.lazy.compactMap { weights in
      let file = try? SafetensorsFile(path: "\(run)/\(ClassifierFile.path(of: weights))")
      return file.flatMap { file in classNames(ofMetadata: file.metadata) }
    }.first
  }

  /// Returns the class names in a file's metadata; `nil` if there are none.
  static func classNames(ofMetadata metadata: [String: String]) -> [String]? {
    metadata[classNamesMetadata].flatMap(JSONValue.init(parsing:)).flatMap(texts)
  }

  /// Returns the class names of the training set in `summary.json`; `nil` if there are none.
  package static func classNames(ofSummaryIn run: String) -> [String]? {
    JSONValue.fields(ofFile: RunDirectory(path: run).summaryPath)?[classNamesMetadata].flatMap(texts)
  }

  private static func texts(_ list: JSONValue) -> [String]? {
    guard case .list(let values) = list else { return nil }
    return values.compactMap(\.string)
  }

  /// Returns channel values as metadata text, such as `0.4914,0.4822,0.4465`.
  static func text(_ channels: [Float]) -> String {
    channels.map { value in "\(value)" }.joined(separator: ",")
  }

  /// Returns the mean and standard deviation in the metadata of a file of weights; `nil` if it has none.
  static func normalization(ofMetadata metadata: [String: String]) -> (mean: [Float], standardDeviation: [Float])? {
    var given = ConfigurationOverrides()
    given.give(metadata["mean"], for: "mean")
    given.give(metadata["std"], for: "std")
    let data = given.applied(to: Configuration()).data
    guard given.problem == nil, let mean = data.mean, let deviation = data.standardDeviation else { return nil }
    return (mean, deviation)
  }

  /// Returns the height and width of views in the metadata of a file of weights; `nil` if it has none that the option
  /// accepts.
  static func side(ofMetadata metadata: [String: String]) -> Int? {
    let sides = metadata["size"]?.split(separator: ",") ?? []
    guard sides.count == 2, sides[0] == sides[1] else { return nil }
    var given = ConfigurationOverrides()
    given.give(String(sides[0]), for: "image-size")
    return given.problem == nil ? given.applied(to: Configuration()).data.imageSize : nil
  }

  /// Returns class names as metadata text, a JSON list.
  package static func text(_ classNames: [String]) -> String {
    JSONValue.list(classNames.map(JSONValue.text)).encoded()
  }

  /// Returns a sentence about the input that the exported model expects.
  func inputText(_ input: WeightExport.ONNXInput) -> String {
    let text = "Input: RGB from 0 to \(Int(input.full)), \(viewSize.height)×\(viewSize.width)"
    guard input == .normalized else {
      return "\(text); the model subtracts the mean and divides by the standard deviation"
    }
    return
      "\(text), minus mean \(Self.text(normalization.mean)), divided by std \(Self.text(normalization.standardDeviation)); the file's metadata has them too"
  }

  /// Returns the metadata of a run's own files of weights; empty if the preprocessing is not known.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration.
  ///   - run: The run directory.
  ///   - classNames: The names of the training set's classes, in the order of the labels.
  /// - Returns: The metadata.
  package static func metadata(_ configuration: Configuration, run: String, classNames: [String]) -> [String: String] {
    guard var preprocessing = ImagePreprocessing(configuration, run: run) else { return [:] }
    preprocessing.classNames = classNames
    return preprocessing.metadata
  }

  /// The preprocessing as key-value pairs for the metadata of a file of weights.
  package var metadata: [String: String] {
    var metadata = [
      "mean": Self.text(normalization.mean), "std": Self.text(normalization.standardDeviation),
      "size": "\(viewSize.height),\(viewSize.width)", "crop": "\(Self.cropRatio)", "interpolation": "bilinear",
    ]
    if !classNames.isEmpty {
      metadata[Self.classNamesMetadata] = Self.text(classNames)
    }
    return metadata
  }
}
