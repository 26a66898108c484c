import Formats
import Glibc
import ImageCodecs
import Imaging
import ParallelLoops
import Synchronization

/// The statistics of many decoded images: sizes, mean and standard deviation per channel, contrast, files that cannot
/// be decoded.
///
/// All sums are of integers, so that they do not depend on the division of the images over threads and ranks.
package struct ImageSurvey: Sendable, Equatable {
  /// The number of images of each size.
  package private(set) var sizes: [ImageSize: Int] = [:]
  /// The total number of pixels.
  package private(set) var pixelCount: Int64 = 0
  /// The sums of the 8-bit samples of red, green and blue.
  package private(set) var sums: [Int64] = [0, 0, 0]
  /// The sums of the squares of the samples of red, green and blue.
  package private(set) var squareSums: [Int64] = [0, 0, 0]
  /// The counts of images without contrast, and of clipped samples.
  package private(set) var contrast = ContrastCounts()
  /// The files that cannot be decoded, by image index.
  package private(set) var bad: [Int: BadFile] = [:]

  /// Creates the survey of an empty set of images.
  package init() {}

  /// Creates a survey from sums that were computed elsewhere.
  package init(
    sizes: [ImageSize: Int], pixelCount: Int64, sums: [Int64], squareSums: [Int64],
    contrast: ContrastCounts = ContrastCounts(), bad: [Int: BadFile]
  ) {
    precondition(sums.count == 3 && squareSums.count == 3, "three channels have three sums")
    self.sizes = sizes
    self.pixelCount = pixelCount
    self.sums = sums
    self.squareSums = squareSums
    self.contrast = contrast
    self.bad = bad
  }

  /// Adds the statistics of another set of images.
  package mutating func add(_ other: ImageSurvey) {
    sizes.merge(other.sizes, uniquingKeysWith: +)
    pixelCount += other.pixelCount
    for channel in 0..<3 {
      sums[channel] += other.sums[channel]
      squareSums[channel] += other.squareSums[channel]
    }
    contrast.add(other.contrast)
    bad.merge(other.bad) { own, _ in own }
  }

  /// Adds one decoded image to the statistics.
  package mutating func add(_ image: RGBImage) {
    sizes[image.size, default: 0] += 1
    contrast.add(image)
    pixelCount += Int64(image.size.pixelCount)
    var channelSums = SIMD4<Int64>()
    var channelSquares = SIMD4<Int64>()
    unsafe image.samples.withUnsafeBufferPointer { samples in
      // A row of 2¹⁵ pixels keeps both sums in 32 bits.
      for start in stride(from: 0, to: samples.count, by: 3 << 15) {
        var rowSums = SIMD4<UInt32>()
        var rowSquares = SIMD4<UInt32>()
        for pixel in stride(from: start, to: min(start + 3 << 15, samples.count), by: 3) {
          let sample = unsafe SIMD4(
            UInt32(samples[pixel]), UInt32(samples[pixel + 1]), UInt32(samples[pixel + 2]), 0)
          rowSums &+= sample
          rowSquares &+= sample &* sample
        }
        channelSums &+= SIMD4<Int64>(truncatingIfNeeded: rowSums)
        channelSquares &+= SIMD4<Int64>(truncatingIfNeeded: rowSquares)
      }
    }
    for channel in 0..<3 {
      sums[channel] += channelSums[channel]
      squareSums[channel] += channelSquares[channel]
    }
  }

  /// Records a file that cannot be decoded.
  package mutating func add(bad file: BadFile, at index: Int) {
    bad[index] = file
  }

  /// The mean and standard deviation of each channel over all pixels, on a scale of 0 to 1; `nil` without pixels.
  package var normalization: ChannelNormalization? {
    guard pixelCount > 0 else { return nil }
    let count = Double(pixelCount)
    let means = sums.map { sum in Double(sum) / count }
    let deviations = zip(squareSums, means).map { squares, mean in
      max(Double(squares) / count - mean * mean, 0).squareRoot()
    }
    // Images of one color have a standard deviation of 0, by which one cannot divide; it is replaced by one level
    // (1/255).
    return ChannelNormalization(
      mean: means.map { mean in Float(mean / 255) },
      standardDeviation: deviations.map { deviation in Float(max(deviation, 1) / 255) })
  }

  /// The default size of views: that of the images if all have one square size of at most 64 pixels, else the 224×224
  /// of ImageNet.
  package var viewSize: ImageSize {
    if sizes.count == 1, let size = sizes.keys.first, size.width == size.height, size.width <= 64 {
      return size
    }
    return ImageSize(width: 224, height: 224)
  }
}

extension ImageSurvey {
  /// Decodes each image once and computes the statistics.
  ///
  /// - Parameters:
  ///   - numbers: The indices of the images.
  ///   - threads: The number of threads; each takes the next image as soon as it is idle.
  ///   - image: Decodes the image with an index.
  ///   - path: Returns the name of an image that cannot be decoded.
  ///   - progress: Called after each image, by one thread at a time, with the number of images and of bad images so
  ///     far.
  package init(
    of numbers: Range<Int>, threads: Int, image: @Sendable (Int) throws(FileError) -> RGBImage,
    path: @Sendable (Int) -> String, progress: (_ done: Int, _ bad: Int) -> Void = { _, _ in }
  ) {
    let total = Mutex((survey: ImageSurvey(), done: 0, badCount: 0))
    // `progress` is called only while the lock is held.
    nonisolated(unsafe) let progress = progress
    parallelFor(numbers.count, threads: threads) { place, _ in
      let number = numbers.lowerBound + place
      var survey = ImageSurvey()
      var isBad = false
      do throws(FileError) {
        survey.add(try image(number))
      } catch {
        isBad = true
        survey.add(bad: BadFile(path: path(number), reason: error.description, kind: error.kind), at: number)
      }
      total.withLock { [survey, isBad] total in
        total.survey.add(survey)
        total.done += 1
        total.badCount += isBad ? 1 : 0
        unsafe progress(total.done, total.badCount)
      }
    }
    self = total.withLock { total in total.survey }
  }
}

extension FolderIndex {
  /// Returns a checksum of the sizes and modification times of files, which also changes when a file vanishes.
  ///
  /// The checksum is the sum of one hash per file, in two halves of 32 bits so that sums of many hashes do not
  /// overflow.
  package func stamp(_ files: Range<Int>) -> [Int64] {
    var lanes: [Int64] = [0, 0]
    for file in files {
      var status = stat()
      let path = path(at: file).map(CChar.init(bitPattern:)) + [0]
      let isThere = unsafe stat(path, &status) == 0
      let numbers: [UInt64] =
        isThere
        ? [
          UInt64(file), UInt64(bitPattern: Int64(status.st_size)), UInt64(bitPattern: Int64(status.st_mtim.tv_sec)),
          UInt64(bitPattern: Int64(status.st_mtim.tv_nsec)),
        ] : [UInt64(file)]
      // Murmur3's finalizer, applied to each number.
      let hash = numbers.reduce(0x9E37_79B9_7F4A_7C15) { (hash: UInt64, number) in
        var mixed = hash ^ number
        mixed = (mixed ^ mixed >> 33) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ mixed >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ mixed >> 33
      }
      lanes[0] += Int64(hash >> 32)
      lanes[1] += Int64(hash & 0xFFFF_FFFF)
    }
    return lanes
  }
}
