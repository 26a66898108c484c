import Configuration
import Datasets
import Formats
import ImagePacks
import Job
import MPI

/// The packing of a folder's images, decoded and reduced, into one file.
package enum DatasetPacking {
  /// Writes the pack (file of decoded images) on rank 0, which uses the total number of threads of all ranks.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - request: The folder to pack.
  ///   - shorterSide: The length in pixels to which the shorter side of larger images is reduced.
  ///   - output: The path of the pack.
  ///   - world: The ranks.
  ///   - report: Receives log lines, on rank 0.
  /// - Throws: ``CollectiveError`` naming the image or the pack.
  package static func run(
    _ request: DatasetRequest, shorterSide: Int, output: String, over world: borrowing Communicator,
    report: Reporter
  ) throws {
    let request = request.resolved(ranks: world.size)
    guard try request.isFolder(over: world) else {
      throw CollectiveError(
        error: RunError(.usage, "\(request.title): is no folder of images; only those are worth packing"))
    }
    let splits = try DatasetFolder(request.configuration).splits(over: world)
    let training = try index(request, .train, over: world, report: report)
    let validation = try splits.contains(.validation) ? index(request, .validation, over: world, report: report) : nil
    let test = try splits.contains(.test) ? index(request, .test, over: world, report: report) : nil
    try world.onRoot {
      let writer = PackWriter(
        training: training, validation: validation, test: test, shorterSide: shorterSide,
        threads: request.configuration.compute.threads * world.size)
      let progress = ProgressLine("packing", total: writer.count, activity: world.activity, report: report)
      defer { progress.finish() }
      let activity = world.activity
      try writer.write(to: output) { done in
        progress.update(done)
      } measured: {
        activity.progressed()
      }
      let byteCount = try ReadOnlyFile(path: output).byteCount
      report("\(output): \(counted(writer.count, "image")) in \(byteCount >> 20) MiB")
    }
  }

  private static func index(
    _ request: DatasetRequest, _ split: Split, over world: borrowing Communicator,
    report: Reporter
  ) throws -> FolderIndex {
    let folder = DatasetFolder(request.configuration)
    let listing = try folder.listing(split, over: world)
    for note in listing.notes {
      report.note(note)
    }
    // Packing itself stops at a bad image; only if bad images are to be omitted must they be known in advance.
    guard folder.isSkippingBad else { return listing.index }
    let description = try folder.described(split, listing.index, over: world, report: report)
    return try world.throwingTogether { try folder.usable(listing, description, report: report) }
  }
}
