import Datasets

extension ConfigurationOption {
  static let datasetRows: [ConfigurationOption] = [
    .init(
      "dataset", \.data.dataset, .choice,
      "Training data: shapes (built in), cifar10, cifar100, folder (image files, a list or a pack).", .dataset),
    .init(
      "data", \.data.path, .text,
      "CIFAR's binary files; or DIR/train/CLASS/** and DIR/val|validation|test/CLASS/**, or DIR/CLASS/**, a list (CSV, TSV), or a pack.",
      value: "dir", .dataset, [.freeOnResume, .stepIsTheSame, .path]),
    .init(
      "train-folder", \.data.trainFolder, .text,
      "Folder of the training images, in --data or absolute; . is --data itself.",
      default: "found by name and structure", value: "dir", .dataset, when: [.folder, .notWith(.list, .pack)],
      [.freeOnResume, .stepIsTheSame, .path]),
    .init(
      "validation-folder", \.data.validationFolder, .text,
      "Folder of the validation images, with --train-folder; none: no validation images.", value: "dir", .dataset,
      when: [.folder, .notWith(.list, .pack)], [.freeOnResume, .stepIsTheSame, .path]),
    .init(
      "test-folder", \.data.testFolder, .text,
      "Folder of the test images, with --train-folder; none: no test images.", value: "dir", .dataset,
      when: [.folder, .notWith(.list, .pack)], [.freeOnResume, .stepIsTheSame, .path]),
    .init("dataset-fingerprint", \.data.fingerprint, .text, "Hash of the dataset's file names.", .resolved),
    .init("dataset-contents", \.data.contents, .text, "Hashes of sizes, times and bytes of the files.", .resolved),
    .init(
      "validation-fraction", \.data.validationFraction,
      .number("a number above 0 and below 1") { $0 > 0 && $0 < 1 },
      "Fraction of each class held out for validation if there is no validation folder.", .dataset),
    .init(
      "bad-images", \.data.badImages, .choice, "Unreadable images: stop, or skip with a warning.", .dataset,
      when: [.folder, .notWith(.pack)]),
    .init(
      "decode", \.data.decoding, .choice,
      "JPEG images: full, or scaled, halved while they stay twice as large as views.", .dataset,
      when: [.folder, .notWith(.pack)]),
    .init(
      "sixteen-bit", \.data.sixteenBit, .choice,
      "Gray PNG images of 16 bits: clip, as Pillow does (levels above 255 are white), or scale (the high byte).",
      default: "clip", .dataset, when: [.folder, .notWith(.pack)]),
    .init(
      "mean", \.data.mean, .channels(from: 0, "three numbers from 0 to 1, such as 0.485,0.456,0.406"),
      "Per-channel mean for normalization, 0–1; for imported weights, the values they were trained with.",
      default: "computed once", value: "r,g,b", .dataset, when: [.folder]),
    .init(
      "std", \.data.standardDeviation,
      .channels(from: 1e-6, "three numbers above 0, from 1e-6 to 1, such as 0.229,0.224,0.225"),
      "Per-channel standard deviation for normalization.", default: "computed once", value: "r,g,b", .dataset,
      when: [.folder]),
    .init(
      "shapes-train", \.data.shapesTrain, .count(from: 1, to: 10_000_000), "Training images of the built-in set.",
      .dataset, when: [.shapes]),
    .init(
      "shapes-test", \.data.shapesTest, .count(from: 1, to: 10_000_000), "Test images of the built-in set.",
      .dataset, when: [.shapes], [.stepIsTheSame]),
    .init(
      "image-size", \.data.imageSize, .count(from: 8, to: 2048), "Height and width of views.",
      default: "the dataset's own", value: "pixels", .dataset),
  ]
}
