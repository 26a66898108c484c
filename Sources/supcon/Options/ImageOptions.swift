import ArgumentParser

/// The options of a dataset's files and of the size of views.
struct ImageOptions: OptionArguments {
  @Option("data") var data: String?
  @OptionGroup var splits: SplitOptions
  @Option("bad-images") var badImages: String?
  @Option("decode") var decode: String?
  @Option("sixteen-bit") var sixteenBit: String?
  @Option("mean") var mean: String?
  @Option("std") var std: String?
  @Option("image-size") var imageSize: String?
}
