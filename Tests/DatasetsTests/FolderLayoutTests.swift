import Datasets
import Formats
import Foundation
import TestSupport
import Testing

/// The splits of a folder, by names and structure.
struct FolderLayoutTests {
  /// A folder with empty files of these names.
  private func tree(_ names: [String]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for name in names {
      try FolderTrees.write([1], to: directory.file(name))
    }
    return directory
  }

  /// The path of each split below the folder, in the order train, validation, test.
  private func folders(_ layout: FolderLayout, below root: String) -> [String?] {
    Split.allCases.map { split in
      layout[split].map { folder in String(folder.path.dropFirst(root.count + 1)) }
    }
  }

  @Test(
    arguments: [
      ("train", Split.train, true), ("Train", .train, true), ("TRAINING", .train, true), ("seg_train", .train, false),
      ("train2017", .train, false), ("trainset", .train, false), ("TrainImages", .train, false),
      ("train_val", .train, false),
      ("val", .validation, true), ("Valid", .validation, true), ("validation", .validation, true),
      ("dev", .validation, true),
      ("val-images", .validation, false), ("imagenet validation", .validation, false), ("test", .test, true),
      ("Testing", .test, true), ("seg_test", .test, false), ("test.set", .test, false),
    ] as [(String, Split, Bool)])
  func `a split's name in any case and spelling`(name: String, split: Split, isExact: Bool) throws {
    let read = try #require(SplitName(name))
    #expect(read.split == split && read.isExact == isExact)
  }

  @Test(arguments: ["cat", "trainer", "contest", "valley", "device", "attest", "train_test", "", "犬"])
  func `other names are not a split's`(name: String) {
    #expect(SplitName(name) == nil)
  }

  @Test func `a dataset beside another is refused, in place of two classes named after them`() throws {
    let directory = try tree(["v1/train/a/1.png", "v1/train/b/1.png", "v1/test/a/1.png", "v1_aug/train/a/1.png"])
    let error = try #require(throws: FileError.self) { try FolderLayout(FolderRequest(path: directory.path)) }
    #expect(error.kind == .content)
    #expect(error.description.contains("'v1' is a dataset of its own, as it holds test, train"))
    #expect(error.description.contains("--data \(directory.path)/v1"))
    // A class with folders of images of these names is a class.
    let classes = try tree(["station/train/1.png", "station/test/1.png", "airport/1.png"])
    #expect(try FolderLayout(FolderRequest(path: classes.path)).training.path == classes.path)
  }

  @Test(arguments: [2, 6, 7, 10])
  func `folders with the same folders in them are refused, or noted if they are many`(count: Int) throws {
    let directory = try tree(
      (0..<count).flatMap { fold in ["fold\(fold)/cat/1.png", "fold\(fold)/dog/1.png"] })
    let request = FolderRequest(path: directory.path)
    guard count > 6 else {
      let error = try #require(throws: FileError.self) { try FolderLayout(request) }
      #expect(error.description.contains("look like splits, as each holds cat, dog"))
      return
    }
    let layout = try FolderLayout(request)
    #expect(layout.training.path == directory.path)
    #expect(
      layout.notes.contains { note in note.contains("each of the \(count) folders") && note.contains("cat, dog") })
  }

  @Test(arguments: [
    (2, ["train", "test"], "holds the splits test, train; move CLASS/train/… to train/CLASS/…"),
    (
      3, ["Training", "Val", "Test"], "holds the splits Test, Training, Val; move CLASS/Training/… to Training/CLASS/…"
    ),
    (8, ["val", "test"], "holds the splits test, val; move CLASS/test/… to test/CLASS/…"),
  ])
  func `classes with the splits in them are refused with what can be done`(
    count: Int, splits: [String], part: String
  ) throws {
    let directory = try tree(
      (0..<count).flatMap { number in splits.map { split in "shape\(number)/\(split)/1.png" } })
    let path = directory.path
    let error = try #require(throws: FileError.self) { try FolderLayout(FolderRequest(path: path)) }
    #expect(error.kind == .content)
    #expect(error.description.hasPrefix("\(path): each of the folders 'shape0', 'shape1'"), "\(error)")
    #expect(error.description.contains(part), "\(error)")
    #expect(error.description.hasSuffix("or give a list path,label,split"), "\(error)")
    // Its options name whole folders, of which none is a split.
    #expect(!error.description.contains("-folder"), "\(error)")
  }

  /// Makes a link to nowhere.
  private func breakLink(_ path: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/nowhere/at/all")
  }

  @Test(arguments: [
    (["train/a/1.png", "train/b/1.png"], "val", "validation images"),
    (["train/a/1.png", "train/b/1.png", "val/a/1.png"], "TEST", "test images"),
    (["val/a/1.png", "val/b/1.png"], "train", "training images"),
    (["a/1.png", "b/1.png"], "valid", "validation images"),
    (["x/y/train/a/1.png", "x/y/train/b/1.png"], "x/y/test", "test images"),
  ])
  func `a broken link with the name of a split is refused`(names: [String], link: String, part: String) throws {
    let directory = try tree(names)
    try breakLink(directory.file(link))
    let path = directory.path
    let error = try #require(throws: FileError.self) { try FolderLayout(FolderRequest(path: path)) }
    #expect(error.kind == .missing)
    #expect(error.description.hasPrefix("\(directory.file(link)): is a broken symbolic link"), "\(error)")
    #expect(error.description.contains(part) && error.description.hasSuffix("fix or remove it"), "\(error)")
  }

  @Test func `a broken link in place of a split that an option gives is no matter`() throws {
    let directory = try tree(["train/a/1.png", "train/b/1.png", "held/a/1.png"])
    try breakLink(directory.file("val"))
    var request = FolderRequest(path: directory.path)
    request.trainFolder = "train"
    let unsettled = request
    let error = try #require(throws: FileError.self) { try FolderLayout(unsettled) }
    #expect(error.kind == .missing && error.description.hasPrefix(directory.file("val")), "\(error)")
    for trainFolder in ["train", nil] {
      request.trainFolder = trainFolder
      request.validationFolder = "held"
      #expect(folders(try FolderLayout(request), below: directory.path) == ["train", "held", nil])
      request.validationFolder = "none"
      #expect(try FolderLayout(request).splits == [.train])
    }
  }

  @Test func `other broken links beside the splits are counted`() throws {
    let directory = try tree(["train/a/1.png", "train/b/1.png", "test/a/1.png"])
    for name in ["photo.png", "extra", ".cache"] { try breakLink(directory.file(name)) }
    let text = try #require(try FolderLayout(FolderRequest(path: directory.path)).skippedFiles.text)
    #expect(text == "1 hidden (.cache); 2 broken symbolic links (extra, photo.png)")
    // Above the folder that is taken for the dataset too.
    let wrapped = try tree(["x/a/1.png", "x/b/1.png"])
    try breakLink(wrapped.file("y"))
    let layout = try FolderLayout(FolderRequest(path: wrapped.path))
    #expect(layout.training.path == wrapped.file("x"))
    #expect(layout.skippedFiles.text == "1 broken symbolic link (y)")
  }

  @Test func `a broken link beside the only class is told`() throws {
    let directory = try tree(["train/cat/young/1.png", "train/cat/old/1.png"])
    try breakLink(directory.file("train/dog"))
    let layout = try FolderLayout(FolderRequest(path: directory.path))
    #expect(layout.training.path == directory.file("train"))
    let error = try #require(throws: FileError.self) { try FolderScan(layout.training) }
    #expect(error.description.contains("train/dog: is a broken symbolic link"), "\(error)")
  }

  @Test(
    arguments: [
      (["a/1.png", "b/1.png"], "ROOT/val/CLASS/*"),
      (["x/Train/a/1.png", "x/Train/b/1.png"], "ROOT/x/val/CLASS/*"),
    ])
  func `the place of missing images is that of the folder's own layout`(names: [String], place: String) throws {
    let directory = try tree(names)
    let layout = try FolderLayout(FolderRequest(path: directory.path))
    #expect(layout.placeOfOthers.hasPrefix(place.replacing("ROOT", with: directory.path)), "\(layout.placeOfOthers)")
  }

  @Test(
    arguments: [
      (["train/a/1.png", "val/a/1.png", "test/a/1.png"], ["train", "val", "test"]),
      (["Train/a/1.png", "Test/a/1.png"], ["Train", nil, "Test"]),
      (["training/a/1.png", "dev/a/1.png"], ["training", "dev", nil]),
      (["train/a/1.png", "valid/a/1.png", "test/a/1.png", "valid.csv"], ["train", "valid", "test"]),
      (
        ["seg_train/seg_train/a/1.png", "seg_train/seg_train/b/1.png", "seg_test/seg_test/a/1.png", "seg_pred/9.png"],
        ["seg_train/seg_train", nil, "seg_test/seg_test"]
      ),
      (
        ["Data/train/a/1.png", "Data/train/b/1.png", "Data/val/a/1.png", "__MACOSX/x"], ["Data/train", "Data/val", nil]
      ),
      (["x/y/train/a/1.png", "x/y/test/a/1.png", "x/notes.txt"], ["x/y/train", nil, "x/y/test"]),
      // The chain ends at a class that the training set has.
      (["train/a/1.png", "train/b/1.png", "val/a/more/1.png"], ["train", "val", nil]),
      (["train/a/images/1.png", "train/b/images/1.png", "val/images/1.png"], ["train", "val", nil]),
    ] as [([String], [String?])])
  func `splits are found`(names: [String], expected: [String?]) throws {
    let directory = try tree(names)
    #expect(folders(try FolderLayout(FolderRequest(path: directory.path)), below: directory.path) == expected)
  }

  @Test(arguments: [
    ["train/1.png", "bus/1.png", "car/1.png"], ["test/1.png", "pen/1.png"], ["bullet_train/1.png", "bus/1.png"],
    ["test_tube/a/1.png", "flask/b/1.png"], ["dev/1.png", "val/1.png", "ops/1.png"], ["cat/1.png", "dog/1.png"],
  ])
  func `a class may have a split's name`(names: [String]) throws {
    let directory = try tree(names)
    let layout = try FolderLayout(FolderRequest(path: directory.path))
    #expect(layout.splits == [.train] && layout.training.path == directory.path)
    #expect(!layout.training.isUnlabeled)
    let index = try FolderScan(layout.training).index
    #expect(Set(index.classNames) == Set(names.map { name in String(name.prefix { $0 != "/" }) }))
    // A whole word is worth a note.
    let words = names.compactMap { name in SplitName(String(name.prefix { $0 != "/" })) }.filter(\.isExact)
    #expect(layout.notes.count == words.count)
  }

  @Test(arguments: [
    (["train/steam/1.png", "bus/1.png", "car/1.png"], "may be the training folder, or a class"),
    (["Train/a/1.png", "train/a/1.png"], "'Train', 'train'"),
    (["trainA/a/1.png", "trainB/a/1.png"], "'trainA', 'trainB'"),
    (["train/a/1.png", "val/a/1.png", "valid/a/1.png"], "'val', 'valid'"),
    (["val/a/1.png", "test/a/1.png"], "no training folder"),
    (["test/1.png"], "no training folder"), (["train_station/1.png", "test_tube/1.png"], "may be splits"),
    (
      ["bounding_box_train/1.png", "bounding_box_test/1.png", "query/1.png"],
      "may be splits without classes, or classes"
    ),
    (["seg_train/1.png", "seg_test/1.png", "seg_pred/1.png"], "'seg_test', 'seg_train'"),
    (["trainA/1.png", "trainB/1.png", "testA/1.png", "testB/1.png"], "'testA', 'testB', 'trainA', 'trainB'"),
    (["Train/1.png", "Val/1.png", "unlabeled/1.png"], "'Train', 'Val'"),
    (["train/1.png", "val/1.png", "test/1.png", "station/1.png"], "'test', 'train', 'val'"),
    (["val/1.png", "test/1.png", "pool/1.png"], "'test', 'val'"),
    (["Lernen/a/1.png", "Lernen/b/1.png", "Prüfen/a/1.png", "Prüfen/b/1.png"], "look like splits"),
    (["val/cats/1.png", "dog/1.png", "bird/1.png"], "validation folder, or a class"),
  ])
  func `what is ambiguous is refused with what was seen`(names: [String], part: String) throws {
    let directory = try tree(names)
    let path = directory.path
    let error = try #require(throws: FileError.self) { try FolderLayout(FolderRequest(path: path)) }
    #expect(error.kind == .content && error.description.hasPrefix(path))
    #expect(error.description.contains(part), "\(error)")
    #expect(error.description.contains("-folder"), "\(error)")
    #expect(error.description.contains("it holds "), "\(error)")
  }

  @Test func `options say which folder is which`() throws {
    let directory = try tree([
      "Lernen/a/1.png", "Lernen/b/1.png", "Prüfen/a/1.png", "Prüfen/b/1.png", "test/a/1.png",
    ])
    var request = FolderRequest(path: directory.path + "//")
    request.trainFolder = "Lernen"
    #expect(folders(try FolderLayout(request), below: directory.path) == ["Lernen", nil, "test"])
    request.validationFolder = directory.file("Prüfen")
    request.testFolder = "none"
    #expect(folders(try FolderLayout(request), below: directory.path) == ["Lernen", "Prüfen", nil])
    // Splits within the training folder are no classes.
    request = FolderRequest(path: directory.path)
    request.trainFolder = "."
    request.testFolder = "test"
    let layout = try FolderLayout(request)
    #expect(try FolderScan(layout.training).index.classNames == ["Lernen", "Prüfen"])
    request.testFolder = "nowhere"
    let wrong = request
    let error = try #require(throws: FileError.self) { try FolderLayout(wrong) }
    #expect(error.kind == .missing && error.description.contains("--test-folder nowhere"))
  }

  @Test func `a validation folder beside the classes is not a class`() throws {
    let directory = try tree(["a/1.png", "b/1.png", "val/a/2.png", "val/b/2.png"])
    let layout = try FolderLayout(FolderRequest(path: directory.path))
    #expect(layout.splits == [.train, .validation] && layout.notes.count == 1)
    #expect(try FolderScan(layout.training).index.classNames == ["a", "b"])
  }

  @Test(arguments: [["1.png", "2.jpg"], ["train/1.png", "test/2.png"], ["train/1.png"]])
  func `images may have no labels`(names: [String]) throws {
    let directory = try tree(names)
    let layout = try FolderLayout(FolderRequest(path: directory.path))
    #expect(layout.training.isUnlabeled)
    let index = try FolderScan(layout.training).index
    #expect(index.classNames == [FolderScan.unlabeledClass])
    #expect(FileManager.default.fileExists(atPath: String(decoding: index.path(at: 0), as: UTF8.self)))
    #expect(FolderIndex(decoding: index.encoded()) == index)
  }

  @Test func `a list beside images without classes is proposed`() throws {
    let directory = try tree(["train/1.png", "test/2.png", "labels.csv"])
    #expect(FolderLayout.placeAdvice(of: directory.path).contains("give --data \(directory.file("labels.csv")),"))
    // The images are not in the folder itself, so it is no class of the one above.
    let other = try tree(["all/kag/train/1.png", "all/cats/1.png", "all/dogs/1.png"])
    #expect(FolderLayout.placeAdvice(of: other.file("all/kag")).isEmpty)
    #expect(!FolderLayout.placeAdvice(of: other.file("all/cats")).isEmpty)
  }

  @Test func `test images without labels are told and not used`() throws {
    let directory = try tree(["train/a/1.png", "train/b/1.png", "val/a/1.png", "test/1.png"])
    let layout = try FolderLayout(FolderRequest(path: directory.path))
    #expect(layout.splits == [.train, .validation] && layout.evaluationSplit == .validation)
    #expect(layout.notes.contains { note in note.contains("/test is not used") })
  }

  @Test func `the split above is told`() throws {
    let directory = try tree(["train/a/1.png", "train/b/1.png", "val/a/1.png"])
    let layout = try FolderLayout(FolderRequest(path: directory.file("train")))
    #expect(layout.splits == [.train])
    #expect(layout.notes.contains { note in note.contains("val") && note.contains("--data \(directory.path)") })
    #expect(FolderLayout.placeAdvice(of: directory.file("train/a")).contains("--data \(directory.file("train"))"))
    #expect(
      FolderLayout.placeAdvice(of: directory.path).isEmpty || !FolderLayout.placeAdvice(of: "/").contains("--data"))
  }

  @Test(arguments: [
    (
      [
        "train_images/a/1.png", "train_images/b/1.png", "train_images/x.png", "val_images/a/1.png",
        "val_images/b/2.png",
      ], "train_images"
    ),
    (["train/a/1.png", "train/b/1.png", "test/a/1.png", "test/b/1.png", "test/x.png"], "train"),
    (["all/a/1.png", "all/b/1.png", "x.png"], "all"),
  ])
  func `a stray image beside the folders of classes does not change what they are`(names: [String], training: String)
    throws
  {
    let directory = try tree(names)
    let layout = try FolderLayout(FolderRequest(path: directory.path))
    #expect(layout.training.path == directory.file(training))
    let scans = try Split.allCases.compactMap { split in try layout[split].map { folder in try FolderScan(folder) } }
    #expect(scans.allSatisfy { scan in scan.index.count == 2 })
    let notes = [layout.skippedFiles.text] + scans.map(\.note)
    #expect(notes.contains { note in note?.contains("1 image beside the folders (x.png)") ?? false })
    #expect(scans.count == 2 || training == "all")
  }

  @Test func `other folders beside the splits are counted`() throws {
    let directory = try tree([
      "train/a/1.png", "test/a/1.png", "extra/a/1.png", "annotations/1.xml", "x.png", "README", "@eaDir/1.png",
    ])
    let text = try #require(try FolderLayout(FolderRequest(path: directory.path)).skippedFiles.text)
    for part in [
      "2 folders (annotations, extra)", "1 image beside the folders (x.png)",
      "1 other file (without an ending 1: README)",
      "1 system file or folder (@eaDir)",
    ] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test(
    arguments: [
      ([0x50, 0x4B, 3, 4], "ZIP"), ([0x1F, 0x8B, 8], "gzip"), ([0xFF, 0xD8, 0xFF, 0xE0], "JPEG"),
      ([0x89, 0x50, 0x4E, 0x47], "PNG"), (Array("Rar!..".utf8), "RAR"),
      (Array("some notes that go on".utf8), "a text file"),
      ([], "empty"),
    ] as [([UInt8], String)])
  func `a file is not a folder`(bytes: [UInt8], name: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("data")
    try writeBytes(bytes, to: path)
    let error = try #require(throws: FileError.self) { try FolderLayout(FolderRequest(path: path)) }
    #expect(error.description.contains(name) && error.description.contains("folder"), "\(error)")
  }

  @Test(arguments: [
    (["data_batch_1.bin", "test_batch.bin"], "--dataset cifar10 --data"),
    (["train.bin", "test.bin"], "--dataset cifar100 --data"),
    (["data_batch_1", "batches.meta"], "Python version"), (["train", "test", "meta"], "Python version"),
    (["cifar-10-batches-bin/data_batch_1.bin"], "cifar-10-batches-bin"),
  ])
  func `CIFAR's files are recognized`(names: [String], part: String) throws {
    let directory = try tree(names)
    let path = directory.path
    let error = try #require(throws: FileError.self) { try FolderLayout(FolderRequest(path: path)) }
    #expect(error.description.contains(part), "\(error)")
  }

  @Test(arguments: [
    (["a/1.png", "b/1.png"], "--dataset folder"), (["data_batch_1"], "Python version"),
    (["cifar-10-batches-bin/data_batch_1.bin"], "--data "), (["train.bin"], "--dataset cifar100"),
  ])
  func `other data is recognized by CIFAR`(names: [String], part: String) throws {
    let directory = try tree(names)
    let path = directory.path
    let error = try #require(throws: FileError.self) { try CIFARDataset(.cifar10, directory: path, split: .train) }
    #expect(error.kind == .missing && error.description.contains(part), "\(error)")
  }

  @Test func `one folder is not two splits`() throws {
    let directory = try tree(["train/a/1.png", "train/b/1.png", "val/a/2.png", "val/b/2.png"])
    try FileManager.default.createSymbolicLink(
      atPath: directory.file("test"), withDestinationPath: directory.file("val"))
    let linked = #expect(throws: FileError.self) { try FolderLayout(FolderRequest(path: directory.path)) }
    #expect(
      linked?.description.contains("test and validation images are one folder") == true, "\(linked?.description ?? "")")
    var request = FolderRequest(path: directory.path)
    (request.trainFolder, request.validationFolder, request.testFolder) = ("train", "./train", "none")
    let given = #expect(throws: FileError.self) { try FolderLayout(request) }
    #expect(given?.description.contains("--validation-folder none, or --validation-fraction") == true)
    request.validationFolder = "val"
    #expect(try FolderLayout(request).splits == [.train, .validation])
  }

  // With each of the links followed in each, eight levels deep, there would be a hundred million folders.
  @Test(.timeLimit(.minutes(1))) func `links of a folder to itself are not followed again and again`() throws {
    let directory = try tree(["a/1.png", "b/1.png"])
    try makeFolder(directory.file("c"))
    for number in 0..<10 {
      try FileManager.default.createSymbolicLink(atPath: directory.file("c/\(number)"), withDestinationPath: ".")
    }
    #expect(try FolderLayout(FolderRequest(path: directory.path)).splits == [.train])
  }
}
