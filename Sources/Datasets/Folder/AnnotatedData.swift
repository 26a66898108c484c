import Formats

/// Recognition of data for detection and segmentation: folders named after the role of their files (`images`, `labels`,
/// `Annotations`, `masks`), which are not classes.
///
///     DIR/images/train/*.jpg   DIR/labels/train/*.txt          YOLO, also DIR/train/images and DIR/train/labels
///     DIR/train2017/*.jpg      DIR/annotations/*.json          COCO, also DIR/train/_annotations.coco.json
///     DIR/JPEGImages/*.jpg     DIR/Annotations/*.xml           Pascal VOC
///     DIR/images/*.jpg         DIR/masks/*.png                 segmentation
enum AnnotatedData {
  private static let imageRoles: Set<String> = [
    "images", "image", "imgs", "img", "jpegimages", "pictures", "photos", "obj_train_data",
  ]
  private static let annotationRoles: Set<String> = [
    "labels", "label", "annotations", "annotation", "annots", "anns", "ann", "bboxes", "boxes", "xml", "xmls", "json",
  ]
  private static let maskRoles: Set<String> = [
    "masks", "mask", "segmentationclass", "segmentationobject", "segmentation", "segmentations", "labels",
    "annotations", "gt", "groundtruth", "ground_truth", "labelids",
  ]
  /// The most folders that are looked into, and files that are compared.
  private static let limit = 20

  /// A format of annotations, with the place where it was found.
  private struct Finding {
    let title: String
    /// The place of the annotations relative to the folder, such as `labels/*.txt`.
    let annotations: String
    /// The path of the folder with the images.
    let images: String
  }

  /// Returns the error for a folder of annotated images, or one that holds such a folder; `nil` for other folders.
  static func problem(ofFolder root: FolderContents) -> FileError? {
    let inner =
      root.folders.count > limit ? [] : root.folders.compactMap { name in try? root.subfolder(name) }
    for place in [root] + inner {
      guard let finding = finding(in: place, isRoot: place.path == root.path) else { continue }
      return FileError(
        .content,
        "\(place.path): holds data for \(finding.title), images in \(finding.images) and annotations in \(finding.annotations), so that an image has no class of its own; expected a folder for each class: "
          + "sort the images, or the objects cut out of them, into folders named after their classes, or list them in a file of path,label; "
          + "for pretrain --loss simclr, which needs no labels, give --data \(finding.images)")
    }
    return nil
  }

  private static func finding(in place: FolderContents, isRoot: Bool) -> Finding? {
    let folders = place.folders.map { name in (name: text(name), role: text(name).lowercased()) }
    let images =
      folders.first { folder in imageRoles.contains(folder.role) && isWithoutClasses(folder.name, in: place) }
      ?? folders.first { folder in SplitName(folder.name)?.split == .train && isWithoutClasses(folder.name, in: place) }
    let imagesPath = images.map { folder in "\(place.path)/\(folder.name)" }
    if let name = place.files.first(where: { name in text(name).lowercased().hasSuffix(".coco.json") }),
      !isRoot, !place.images.isEmpty
    {
      return Finding(title: "detection in COCO's format", annotations: text(name), images: place.path)
    }
    guard let images, let imagesPath else { return nil }
    for folder in folders where annotationRoles.contains(folder.role) && folder.name != images.name {
      guard let (title, ending) = annotations(in: "\(place.path)/\(folder.name)") else { continue }
      return Finding(title: title, annotations: "\(folder.name)/*.\(ending)", images: imagesPath)
    }
    for folder in folders where maskRoles.contains(folder.role) && folder.name != images.name {
      guard imageRoles.contains(images.role), haveSameNames(imagesPath, "\(place.path)/\(folder.name)") else {
        continue
      }
      return Finding(title: "segmentation", annotations: "\(folder.name)/*", images: imagesPath)
    }
    return nil
  }

  /// Returns true if a folder holds images itself, or in subfolders named after splits.
  private static func isWithoutClasses(_ name: String, in place: FolderContents) -> Bool {
    guard let contents = try? FolderContents("\(place.path)/\(name)") else { return false }
    if !contents.images.isEmpty { return !contents.isTreeWithStrays }
    let folders = contents.folders.prefix(limit)
    return !folders.isEmpty
      && folders.allSatisfy { folder in
        SplitName(text(folder)) != nil && (try? contents.subfolder(folder))?.images.isEmpty == false
      }
  }

  /// Returns the format of the annotations in a folder without images, and the ending of their files; `nil` if there
  /// are none.
  private static func annotations(in path: String, depth: Int = 0) -> (title: String, ending: String)? {
    guard depth < 3, let contents = try? FolderContents(path), contents.images.isEmpty else { return nil }
    for name in contents.files.prefix(limit).map({ bytes in text(bytes) }) {
      switch name.split(separator: ".").last?.lowercased() {
      case "xml": return ("detection in Pascal VOC's format", "xml")
      case "json": return ("detection in COCO's format", "json")
      case "txt" where isBoxes("\(path)/\(name)"): return ("detection in YOLO's format", "txt")
      default: continue
      }
    }
    for folder in contents.folders.prefix(limit) {
      if let found = annotations(in: contents.path(of: folder), depth: depth + 1) { return found }
    }
    return nil
  }

  /// Returns true if the first line of a file is a class number and at least four coordinates.
  private static func isBoxes(_ path: String) -> Bool {
    guard let bytes = try? ReadOnlyFile(path: path).start(4096) else { return false }
    let line = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
    let fields = line.split(whereSeparator: \.isWhitespace)
    return fields.count >= 5 && Int(fields[0]) != nil && fields.dropFirst().prefix(4).allSatisfy { Double($0) != nil }
  }

  /// Returns true if most of the first images of two folders, or of their first subfolders, have the same names but for
  /// the endings.
  private static func haveSameNames(_ one: String, _ other: String) -> Bool {
    guard let one = try? FolderContents(one), let other = try? FolderContents(other) else { return false }
    if one.images.isEmpty, let folder = one.folders.first(where: other.folders.contains) {
      return haveSameNames(one.path(of: folder), other.path(of: folder))
    }
    func stem(_ name: [UInt8]) -> Substring { text(name).prefix { character in character != "." } }
    let stems = Set(one.images.map(stem))
    let compared = other.images.prefix(limit).map(stem)
    // Masks are also named after their image with a suffix, such as `1_mask`.
    let same = compared.count { stem in
      stems.contains(stem) || stem.lastIndex(of: "_").map { stems.contains(stem[..<$0]) } ?? false
    }
    return !compared.isEmpty && same * 2 > compared.count
  }
}
