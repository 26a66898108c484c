import Datasets
import Formats
import TestSupport
import Testing

/// Folders of data for detection and segmentation, and folders that look like them.
struct AnnotatedDataTests {
  /// A folder with files of these names; those of text hold a box.
  private func tree(_ names: [String]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for name in names {
      try FolderTrees.write(Array("0 0.5 0.5 0.25 0.25\n".utf8), to: directory.file(name))
    }
    return directory
  }

  @Test(
    arguments: [
      (
        ["images/train/1.jpg", "images/val/2.jpg", "labels/train/1.txt", "labels/val/2.txt", "data.yaml"],
        "detection in YOLO's format", "images"
      ),
      (["images/1.jpg", "Labels/1.txt", "Labels/classes.txt"], "detection in YOLO's format", "images"),
      (
        ["train/images/1.jpg", "train/labels/1.txt", "valid/images/2.jpg", "valid/labels/2.txt"],
        "detection in YOLO's format", "train/images"
      ),
      (
        ["train2017/1.jpg", "val2017/2.jpg", "annotations/instances_train2017.json"], "detection in COCO's format",
        "train2017"
      ),
      (["train/1.jpg", "train/_annotations.coco.json", "valid/2.jpg"], "detection in COCO's format", "train"),
      (
        ["JPEGImages/1.jpg", "Annotations/1.xml", "ImageSets/Main/train.txt", "SegmentationClass/1.png"],
        "detection in Pascal VOC's format", "JPEGImages"
      ),
      (
        ["VOCdevkit/VOC2007/JPEGImages/1.jpg", "VOCdevkit/VOC2007/Annotations/1.xml"],
        "detection in Pascal VOC's format", "VOCdevkit/VOC2007/JPEGImages"
      ),
      (["images/1.jpg", "images/2.jpg", "masks/1.png", "masks/2.png"], "segmentation", "images"),
      (["imgs/train/1.jpg", "gt/train/1_mask.png"], "segmentation", "imgs"),
    ] as [([String], String, String)])
  func `is refused by its name, and the folder of the images has no labels`(
    names: [String], title: String, images: String
  ) throws {
    let directory = try tree(names)
    let error = try #require(throws: FileError.self) { try FolderLayout(FolderRequest(path: directory.path)) }
    #expect(error.kind == .content)
    #expect(error.description.contains("holds data for \(title)"), "\(error)")
    // The advice for a loss without labels.
    let advised = directory.file(images)
    #expect(error.description.hasSuffix("--loss simclr, which needs no labels, give --data \(advised)"), "\(error)")
    #expect(try FolderLayout(FolderRequest(path: advised)).training.isUnlabeled)
  }

  @Test(arguments: [
    // Classes with annotations beside them, in them, or of such names.
    ["images/cat/1.jpg", "images/dog/1.jpg", "annotations/cat/1.xml"],
    ["cat/1.jpg", "cat/1.txt", "dog/1.jpg", "dog/1.txt"],
    ["train/cat/1.jpg", "train/dog/1.jpg", "annotations/1.json"], ["labels/1.jpg", "photos/2.jpg"],
    ["masks/1.jpg", "images/2.jpg", "gloves/3.jpg"],
  ])
  func `classes are classes`(names: [String]) throws {
    let directory = try tree(names)
    #expect(try !FolderLayout(FolderRequest(path: directory.path)).training.isUnlabeled)
  }

  @Test func `a folder that is named is not questioned`() throws {
    let directory = try tree(["images/1.jpg", "masks/1.png"])
    var request = FolderRequest(path: directory.path)
    request.trainFolder = "."
    #expect(try FolderLayout(request).training.path == directory.path)
  }
}
