import Imaging

/// The layout of a pack in a safetensors file.
///
/// For each of the splits `train`, `validation` and `test` that there are, of n images:
///
///     SPLIT.offsets       I64 [n + 1]   the start of each image in SPLIT.pixels, and the end of the last
///     SPLIT.name_offsets  I64 [n + 1]   the same for SPLIT.names
///     SPLIT.sizes         I32 [n, 2]    height and width
///     SPLIT.labels        I32 [n]       indices of the classes, a JSON list in the header's metadata
///     SPLIT.names         U8            paths in the folder that was packed
///     SPLIT.pixels        U8            rows from the top, red, green and blue side by side
///
/// after them `statistics`, I64 [7]: the pixels of the training images, the sums of their samples a channel, the sums of the squares.
enum PackFormat {
  /// The format's name in the header's metadata.
  static let name = "supcon-pack"
  static let version = "1"
  static let statistics = "statistics"
  /// Makes the numbers behind the pixels begin at a multiple of their size.
  static let padding = "padding"

  /// The tensors' names for a split.
  struct Names {
    private let split: String

    init(_ split: Split) {
      self.split = split.rawValue
    }

    var offsets: String { "\(split).offsets" }
    var nameOffsets: String { "\(split).name_offsets" }
    var sizes: String { "\(split).sizes" }
    var labels: String { "\(split).labels" }
    var names: String { "\(split).names" }
    var pixels: String { "\(split).pixels" }
  }
}
