import ImageCodecs
import Imaging
import TestSupport
import Testing

struct CropTests {
  private static let side = 12
  private static let image = noise(width: side, height: side, seed: 9)

  /// The window of the image padded with black that begins `top` below and `left` right of the image's corner.
  private static func window(top: Int, left: Int, isMirrored: Bool) -> [Float] {
    var planes: [Float] = []
    for channel in 0..<3 {
      for row in 0..<side {
        for column in 0..<side {
          let (y, x) = (row + top, (isMirrored ? side - 1 - column : column) + left)
          let isInside = (0..<side).contains(y) && (0..<side).contains(x)
          planes.append(isInside ? Float(image.samples[(y * side + x) * 3 + channel]) / 255 : 0)
        }
      }
    }
    return planes
  }

  private struct Placement: Hashable {
    let top: Int
    let left: Int
    let isMirrored: Bool
  }

  /// All windows that a padding of four pixels allows.
  private static let windows: [[Float]: Placement] = {
    var windows: [[Float]: Placement] = [:]
    for top in -4...4 {
      for left in -4...4 {
        for isMirrored in [false, true] {
          windows[window(top: top, left: left, isMirrored: isMirrored)] = Placement(
            top: top, left: left, isMirrored: isMirrored)
        }
      }
    }
    return windows
  }()

  private func placements(_ count: Int) throws -> [Placement] {
    try (0..<count).map { index in
      try #require(Self.windows[view(of: Self.image, .cropFlip, stream(index))], "view \(index) is no window")
    }
  }

  @Test func `every view is a padded window, and all windows are equally likely`() throws {
    #expect(Self.windows.count == 162)
    let count = 8100
    let placements = try placements(count)
    var counts: [Placement: Int] = [:]
    for placement in placements {
      counts[placement, default: 0] += 1
    }
    #expect(counts.count == 162)
    #expect(chiSquare(Array(counts.values)) < chiSquareLimit(degreesOfFreedom: 161))
    let mirrored = placements.filter(\.isMirrored).count
    #expect(abs(mirrored - count / 2) < 180)  // 4 standard deviations
  }

  @Test func `a window beyond a small image is black there`() {
    // 2×2 pixels under a padding of 4: most windows see nothing of the image.
    let image = constant(255, 255, 255, width: 2, height: 2)
    var sizes = Set<Int>()
    for index in 0..<400 {
      let planes = view(of: image, .cropFlip, stream(index))
      #expect(planes.allSatisfy { element in element == 0 || element == 1 })
      #expect(Array(planes[..<4]) == Array(planes[4..<8]) && Array(planes[..<4]) == Array(planes[8...]))
      sizes.insert(planes[..<4].filter { element in element == 1 }.count)
    }
    #expect(sizes == [0, 1, 2, 4])
  }

  @Test func `a mirror without a crop turns left and right`() throws {
    let augmentation = try Augmentation("flip(probability=1)")
    #expect(view(of: Self.image, augmentation, stream(0)) == Self.window(top: 0, left: 0, isMirrored: true))
  }

  @Test func `images need not be square`() throws {
    let augmentation = try Augmentation("flip(probability=1)")
    let image = RGBImage(width: 3, height: 1, samples: [0, 0, 0, 51, 51, 51, 255, 255, 255])
    #expect(view(of: image, augmentation, stream(0)) == [1, 0.2, 0, 1, 0.2, 0, 1, 0.2, 0])
  }
}
