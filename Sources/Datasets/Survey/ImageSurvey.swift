import Formats
import Glibc
import ImageCodecs
import Imaging
import ParallelLoops
import Synchronization

/// The statistics of many images from decoding each once: sizes, mean and standard deviation of the channels, contrast, bad files.
///
/// All sums are of whole numbers, so that they do not depend on how the images are divided over threads and ranks.
package struct ImageSurvey: Sendable, Equatable {
  /// The number of images of each size.
  package private(set) var sizes: [ImageSize: Int] = [:]
  /// The number of pixels of all images.
  package private(set) var pixelCount: Int64 = 0
  /// The sum of the samples of red, green and blue.
  package private(set) var sums: [Int64] = [0, 0, 0]
  /// The sum of their squares.
  package private(set) var squareSums: [Int64] = [0, 0, 0]
  /// The images without contrast, and the clipped samples.
  package private(set) var contrast = ContrastCounts()
  /// The files that cannot be used, by their indices.
  package private(set) var bad: [Int: BadFile] = [:]

  /// A survey of nothing.
  package init() {}

  /// A survey whose sums come from elsewhere.
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

  /// Adds another survey.
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

  /// Adds one image.
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

  /// Notes a file that cannot be used.
  package mutating func add(bad file: BadFile, at index: Int) {
    bad[index] = file
  }

  /// The channels' mean and standard deviation over all pixels, 0…1; `nil` without a pixel.
  package var normalization: ChannelNormalization? {
    guard pixelCount > 0 else { return nil }
    let count = Double(pixelCount)
    let means = sums.map { sum in Double(sum) / count }
    let deviations = zip(squareSums, means).map { squares, mean in
      max(Double(squares) / count - mean * mean, 0).squareRoot()
    }
    // Images of one color have a deviation of 0, which cannot divide: one level is taken instead.
    return ChannelNormalization(
      mean: means.map { mean in Float(mean / 255) },
      standardDeviation: deviations.map { deviation in Float(max(deviation, 1) / 255) })
  }

  /// The size of views that fits the images: their own if they are all of one small square size, else the 224×224 of ImageNet.
  package var viewSize: ImageSize {
    if sizes.count == 1, let size = sizes.keys.first, size.width == size.height, size.width <= 64 {
      return size
    }
    return ImageSize(width: 224, height: 224)
  }
}

extension ImageSurvey {
  /// Surveys images, each decoded once.
  ///
  /// - Parameters:
  ///   - numbers: The indices of the images.
  ///   - threads: The number of threads; each takes the next image when it is free.
  ///   - image: Decodes one image.
  ///   - path: The name of an image that cannot be decoded.
  ///   - progress: Called after each image, by one thread at a time, with the numbers of images and of bad ones so far.
  package init(
    of numbers: Range<Int>, threads: Int, image: @Sendable (Int) throws(FileError) -> RGBImage,
    path: @Sendable (Int) -> String, progress: (_ done: Int, _ bad: Int) -> Void = { _, _ in }
  ) {
    let total = Mutex((survey: ImageSurvey(), done: 0, badCount: 0))
    // Called with the lock held.
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
  /// A number that changes when a file gets another length or time, or vanishes: the sum of a hash for each of these files.
  ///
  /// Two of 32 bits, side by side, so that the sum of many does not overflow.
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
      // Murmur3's finaliser over each number.
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
