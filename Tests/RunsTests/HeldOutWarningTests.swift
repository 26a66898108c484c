import Configuration
import Runs
import TestSupport
import Testing

/// The warning of held-out images that a run's encoder may have been trained on.
struct HeldOutWarningTests {
  private func data(
    _ dataset: DataOptions.Dataset, _ fraction: Double?, _ fingerprint: String? = nil
  ) -> DataOptions {
    var data = DataOptions()
    (data.dataset, data.validationFraction, data.fingerprint) = (dataset, fraction, fingerprint)
    return data
  }

  /// Returns the warning for a run on the classes a and b.
  private func warning(
    _ present: DataOptions, own: DataOptions, classes: [String] = ["a", "b"], command: String = "pretrain"
  ) throws -> String? {
    let directory = try TemporaryDirectory()
    let run = RunDirectory(path: directory.path)
    let summary = #"{"command": "\#(command)", "class_names": ["a", "b"]}"#
    try writeBytes(Array(summary.utf8), to: run.summaryPath)
    return run.warning(ofHeldOut: present, fingerprint: present.fingerprint, classes, own: own)
  }

  @Test func `images held out of a changed folder may have been trained on`() throws {
    let own = data(.folder, 0.2, "1")
    let text = try #require(try warning(data(.folder, 0.2, "2"), own: own))
    #expect(text.hasPrefix("--validation-fraction 0.2: the images held out are not those of /"), "\(text)")
    // One of the classes is enough, and a run that held none out was trained on all images.
    #expect(try warning(data(.folder, 0.2, "2"), own: own, classes: ["b", "c"]) != nil)
    #expect(try warning(data(.folder, 0.2, "2"), own: data(.folder, nil, "1")) != nil)
  }

  @Test func `the run's own images, those of other data and those in a folder of their own are fine`() throws {
    let own = data(.folder, 0.2, "1")
    #expect(try warning(own, own: own) == nil)
    #expect(try warning(data(.folder, 0.2, "2"), own: own, classes: ["c", "d"]) == nil)
    #expect(try warning(data(.cifar10, 0.2), own: own) == nil)
    #expect(try warning(data(.folder, nil, "2"), own: own) == nil)
    // Imported weights were trained elsewhere, on what is not known.
    #expect(try warning(data(.folder, 0.2, "2"), own: own, command: "import") == nil)
    #expect(try warning(data(.folder, 0.2, "2"), own: data(.folder, 0.2)) == nil)
  }

  @Test func `of a dataset with fixed names a larger fraction holds out images that were trained on`() throws {
    #expect(try warning(data(.cifar10, 0.1), own: data(.cifar10, nil)) != nil)
    #expect(try warning(data(.cifar10, 0.2), own: data(.cifar10, 0.1)) != nil)
    #expect(try warning(data(.cifar10, 0.1), own: data(.cifar10, 0.1)) == nil)
    #expect(try warning(data(.cifar10, 0.1), own: data(.cifar10, 0.2)) == nil)
  }
}
