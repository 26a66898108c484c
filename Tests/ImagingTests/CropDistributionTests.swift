import Foundation
import ImageCodecs
import Imaging
import KeyedRandomness
import TestSupport
import Testing

/// Random parts and places, seen in images whose levels are coordinates; fixed streams, so that they pass or fail for
/// ever.
struct CropDistributionTests {
  private static let side = 256
  /// Red is the column, green the row.
  private static let coordinates = RGBImage(
    width: side, height: side,
    samples: (0..<side * side).flatMap { pixel in [UInt8(pixel % side), UInt8(pixel / side), 0] })

  private struct Part {
    let left: Double
    let top: Double
    let width: Double
    let height: Double
  }

  /// The parts of some views, measured to about a pixel where nothing is cut off by the edges.
  private func parts(_ text: String, count: Int) throws -> [Part] {
    let augmentation = try Augmentation(text)
    let workspace = AugmentationWorkspace()
    return (0..<count).map { index in
      let levels = viewImage(
        of: Self.coordinates, augmentation, stream(index), size: ImageSize(width: 32, height: 32), workspace
      ).samples
      func extent(_ fourth: UInt8, _ last: UInt8) -> (start: Double, length: Double) {
        let length = (Double(last) - Double(fourth)) / 23 * 32
        return (Double(fourth) + 0.5 - 4.5 / 32 * length, length)
      }
      let across = extent(levels[4 * 3], levels[27 * 3])
      let down = extent(levels[4 * 96 + 1], levels[27 * 96 + 1])
      return Part(left: across.start, top: down.start, width: across.length, height: down.length)
    }
  }

  private func isUniform(_ values: [Double], _ range: ClosedRange<Double>, bins: Int = 6) -> Bool {
    var counts = [Int](repeating: 0, count: bins)
    for value in values {
      let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
      counts[min(max(Int(share * Double(bins)), 0), bins - 1)] += 1
    }
    return chiSquare(counts) < chiSquareLimit(degreesOfFreedom: bins - 1)
  }

  /// Parts this small always fit, so that none is drawn again.
  @Test func `area uniform, aspect ratio log-uniform, place uniform`() throws {
    let parts = try parts("resized-crop(area=0.1..0.4)", count: 2000)
    let all = Double(Self.side * Self.side)
    let areas = parts.map { part in part.width * part.height / all }
    #expect(areas.allSatisfy { area in (0.09...0.42).contains(area) })
    #expect(isUniform(areas, 0.1...0.4))
    let ratios = parts.map { part in log(part.width / part.height) }
    #expect(ratios.allSatisfy { ratio in abs(ratio) < log(4.0 / 3) + 0.06 })
    #expect(isUniform(ratios, log(0.75)...log(4.0 / 3)))
    #expect(isUniform(parts.map { part in part.left / (Double(Self.side) - part.width) }, 0...1))
    #expect(isUniform(parts.map { part in part.top / (Double(Self.side) - part.height) }, 0...1))
  }

  @Test func `TensorFlow's aspect ratio is uniform, and a tenth of the image is always seen`() throws {
    let parts = try parts("resized-crop(area=0.05..0.4, sampling=tensorflow, antialias=no)", count: 2000)
    let all = Double(Self.side * Self.side)
    let areas = parts.map { part in part.width * part.height / all }
    #expect(areas.allSatisfy { area in (0.09...0.42).contains(area) })
    let uniform = try self.parts("resized-crop(area=0.11..0.4, sampling=tensorflow, antialias=no)", count: 2000)
    #expect(isUniform(uniform.map { part in part.width / part.height }, 0.75...4.0 / 3))
    // Heights are uniform between those that the ratio allows.
    let heights = uniform.map { part in
      let ratio = part.width / part.height
      let (least, most) = ((0.11 * all / ratio).squareRoot(), (0.4 * all / ratio).squareRoot())
      return (part.height - least) / (most - least)
    }
    #expect(isUniform(heights, 0...1))
    #expect(isUniform(uniform.map { part in part.left / (Double(Self.side) - part.width) }, 0...1))
  }

  @Test func `what never fits becomes the largest part at the center`() throws {
    // 40×10 pixels with parts of at least their whole area and the proportions of a square.
    let image = RGBImage(
      width: 40, height: 10, samples: (0..<400).flatMap { pixel in [UInt8(pixel % 40), UInt8(pixel / 40), 0] })
    for sampling in ["torchvision", "tensorflow"] {
      let text = "resized-crop(area=1, ratio=1, sampling=\(sampling))"
      let found = viewImage(of: image, try Augmentation(text), stream(0), size: ImageSize(width: 10, height: 10))
      #expect(found.samples[0] == 15 && found.samples[27] == 24 && found.samples[271] == 9)
    }
  }

  /// Neither rounds to the even pixel, as torchvision's center crop does.
  @Test(arguments: [("torchvision", 43, 16), ("torchvision", 45, 17), ("tensorflow", 43, 17), ("tensorflow", 45, 18)])
  func `a part between two pixels moves as in the code of its sampling`(
    sampling: String, length: Int, start: Int
  ) throws {
    let augmentation = try Augmentation("resized-crop(area=1, ratio=1, sampling=\(sampling))")
    for (width, height) in [(length, 10), (10, length)] {
      let image = RGBImage(
        width: width, height: height,
        samples: (0..<width * height).flatMap { pixel in [UInt8(pixel % width), UInt8(pixel / width), 0] })
      let found = viewImage(of: image, augmentation, stream(0), size: ImageSize(width: 10, height: 10))
      let (left, top) = width > height ? (start, 0) : (0, start)
      #expect(Int(found.samples[0]) == left && Int(found.samples[1]) == top)
    }
  }

  @Test func `TensorFlow's part is the square at the center in place of the whole image`() throws {
    // Parts of at least the whole area and the proportions of the image.
    let image = RGBImage(
      width: 13, height: 10, samples: (0..<130).flatMap { pixel in [UInt8(pixel % 13), UInt8(pixel / 13), 0] })
    let augmentation = try Augmentation("resized-crop(area=1, ratio=1.3, sampling=tensorflow)")
    let found = viewImage(of: image, augmentation, stream(0), size: ImageSize(width: 10, height: 10))
    #expect(found.samples[0] == 2 && found.samples[27] == 11 && found.samples[271] == 9)
  }

  @Test func `a resized part is the part, resized`() throws {
    let image = noise(width: 50, height: 40)
    for index in 0..<50 {
      var draws = stream(index)
      let area = 2000 * (0.08 + 0.92 * Double(draws.nextUniform()))
      let ratio = exp(log(0.75) + (log(4.0 / 3) - log(0.75)) * Double(draws.nextUniform()))
      let width = Int((area * ratio).squareRoot().rounded())
      let height = Int((area / ratio).squareRoot().rounded())
      guard width <= 50, height <= 40 else { continue }
      let top = draws.nextInteger(below: 41 - height)
      let left = draws.nextInteger(below: 51 - width)
      let part = RGBImage(
        width: width, height: height,
        samples: (0..<height).flatMap { row in
          let start = ((top + row) * 50 + left) * 3
          return image.samples[start..<start + 3 * width]
        })
      let size = ImageSize(width: 16, height: 16)
      #expect(
        viewImage(of: image, try Augmentation("resized-crop"), stream(index), size: size)
          == viewImage(of: part, try Augmentation("resize(aspect=stretch)"), stream(0), size: size))
    }
  }

  @Test func `squares are cut out around every pixel equally often`() throws {
    var counts: [[UInt8]: Int] = [:]
    let augmentation = try Augmentation("cutout(side=2, fill=255)")
    for index in 0..<3000 {
      counts[viewImage(of: constant(0, 0, 0, width: 6, height: 5), augmentation, stream(index)).samples, default: 0] +=
        1
    }
    #expect(counts.count == 30)
    #expect(chiSquare(Array(counts.values)) < chiSquareLimit(degreesOfFreedom: 29))
    #expect(Set(counts.keys.map { levels in levels.count { level in level == 255 } / 3 }) == [1, 2, 4])
  }
}
