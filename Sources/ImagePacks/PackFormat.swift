import Datasets

/// The tensors of a pack, which is a safetensors file of decoded images.
///
/// For each existing split (`train`, `validation`, `test`) with n images:
///
///     SPLIT.offsets       I64 [n + 1]   the start of each image in SPLIT.pixels, and the end of the last
///     SPLIT.name_offsets  I64 [n + 1]   the same for SPLIT.names
///     SPLIT.sizes         I32 [n, 2]    height and width
///     SPLIT.labels        I32 [n]       indices of the classes, a JSON list in the header's metadata
///     SPLIT.names         U8            paths in the folder that was packed
///     SPLIT.pixels        U8            rows from the top, red, green and blue side by side
///
/// After them come `padding` and `statistics`, I64 [7]: the number of pixels of the training images, and per channel
/// the sum of the samples and of their squares.
enum PackFormat {
  /// The value of `format` in the header's metadata, which identifies a pack.
  static let name = "supcon-pack"
  static let version = "1"
  static let statistics = "statistics"
  /// The name of the padding tensor, which aligns the `statistics` tensor after the pixels to its element size.
  static let padding = "padding"

  /// The names of a split's tensors.
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
