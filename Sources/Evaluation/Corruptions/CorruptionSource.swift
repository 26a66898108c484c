import Configuration
import Corruptions
import Datasets
import Formats
import ImageCodecs
import Imaging
import Job
import MPI
import Measures
import Runs

/// The source of corrupted test images: published files, or corruptions that are computed here.
enum CorruptionSource {
  /// The value of `--corruptions`, in place of a folder, for corruptions that are computed here.
  static let madeHereName = "made-here"

  /// The folder of CIFAR-10-C or CIFAR-100-C, with `.npy` files.
  case arrays(folder: String)
  /// A folder in the layout of ImageNet-C.
  case tree(CorruptionTree)
  /// No files: the run's test images are corrupted when they are read.
  case madeHere(CorruptionForm)

  /// Finds and checks all images before any work is done.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - name: A folder, or ``madeHereName``.
  ///   - test: The clean test images.
  ///   - world: The ranks.
  /// - Throws: ``CollectiveError`` naming the file or folder that is missing or not as published.
  init(_ name: String, like test: any ImageDataset, over world: borrowing Communicator) throws {
    world.activity.begin("listing corruptions", allowsSilence: true)
    if name == Self.madeHereName {
      let size = test.viewSize
      guard let form = CorruptionForm(width: size.width, height: size.height) else {
        let sizes = CorruptionForm.all.map { form in "\(form.side)×\(form.side) (\(form.name))" }
        throw CollectiveError(
          error: RunError(
            .usage,
            "--corruptions \(name): the images are \(size.width)×\(size.height); parameters are published for \(sizes.joined(separator: ", "))",
            remedy: "give a folder of corrupted images, or leave the option out"))
      }
      self = .madeHere(form)
      return
    }
    // Rank 0 decides, so that all ranks take the same branch.
    if try world.rootValue({ try Self.isTree(name) }) {
      self = .tree(try CorruptionTree(name, classNames: test.classNames, over: world))
      return
    }
    try world.throwingTogether {
      for corruption in CorruptionErrors.names {
        _ = try CorruptedDataset(folder: name, corruption: corruption, severity: 0, like: test)
      }
      try CorruptedDataset.checkClasses(inFolder: name, like: test)
    }
    self = .arrays(folder: name)
  }

  /// Returns true for a folder in the layout of ImageNet-C, false for one with `.npy` files.
  private static func isTree(_ folder: String) throws -> Bool {
    switch DataPath.kind(folder) {
    case .folder: break
    case .missing:
      throw RunError(
        .missing, "--corruptions \(folder): does not exist",
        remedy:
          "give a folder of CIFAR-10-C, CIFAR-100-C or ImageNet-C, or \(madeHereName) for corruptions that are computed here"
      )
    case .unreadable(let code): throw FileError(path: folder, action: "examine it", code: code)
    case .file, .special:
      throw RunError(.data, "--corruptions \(folder): is not a folder; give the folder that the files lie in")
    }
    let hasArray = (CorruptionErrors.names + ["labels"]).contains { name in
      DataPath.kind("\(folder)/\(name).npy") != .missing
    }
    if hasArray { return false }
    guard CorruptionErrors.names.contains(where: { name in CorruptionTree.path(of: name, in: folder) != nil }) else {
      throw RunError(
        .data,
        "--corruptions \(folder): holds neither files as gaussian_noise.npy (CIFAR-10-C, CIFAR-100-C) nor folders as gaussian_noise/1/CLASS (ImageNet-C)",
        remedy: "give the folder of the unpacked files")
    }
    return true
  }

  /// The corruptions in the order in which they are tested.
  var names: [String] {
    switch self {
    case .arrays, .tree: CorruptionErrors.names
    case .madeHere: Corruption.allCases.map(\.rawValue).sorted()
    }
  }

  /// The description of the source for messages and files.
  var title: String {
    switch self {
    case .arrays(let folder): "published files, \(folder)"
    case .tree(let tree): "published files, \(tree.folder)"
    case .madeHere(let form):
      "made here, not the published files: \(Corruption.allCases.count) of the 15 corruptions, without \(Corruption.missing), with the parameters of \(form.name)"
    }
  }

  /// Opens the images of one corruption at one severity, from 0.
  ///
  /// Collective.
  ///
  /// - Throws: ``CollectiveError`` naming a file or folder that cannot be read.
  func images(
    _ name: String, severity: Int, like test: any ImageDataset, over world: borrowing Communicator
  ) throws -> any ImageDataset {
    switch self {
    case .arrays(let folder):
      try world.throwingTogether {
        try CorruptedDataset(folder: folder, corruption: name, severity: severity, like: test)
      }
    case .tree(let tree): try tree.images(name, severity: severity, like: test, over: world)
    case .madeHere(let form): madeHere(name, severity: severity, form, test)
    }
  }

  private func madeHere(
    _ name: String, severity: Int, _ form: CorruptionForm, _ test: any ImageDataset
  ) -> any ImageDataset {
    guard let corruption = Corruption(rawValue: name) else { preconditionFailure("no corruption \(name)") }
    return ImagesCorruptedHere(original: test, maker: CorruptionMaker(corruption, severity: severity, form))
  }
}

/// A dataset whose images are resized to the encoder's input size and corrupted when they are read.
struct ImagesCorruptedHere: DerivedDataset {
  let original: any ImageDataset
  let maker: CorruptionMaker

  func image(at index: Int) throws(FileError) -> RGBImage {
    let image = try original.image(at: index).evaluationView(viewSize)
    do throws(ImageError) {
      return try maker.corrupted(image, number: index)
    } catch {
      throw FileError(.content, "\(name(at: index)): \(error)")
    }
  }
}
