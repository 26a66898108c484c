import ImageCodecs
import Imaging
import Kernels
import KeyedRandomness
import TestSupport
import Testing

/// Every augmentation makes views of the size that is asked for, the same on every path and with every workspace.
struct ViewSizeTests {
  static let texts =
    Augmentation.presets.map { preset in preset.name } + [
      "resize", "center-crop", "resize(scale=1.5) + padded-crop", "flip + resized-crop(filter=bicubic) + blur(side=5)",
      "autoaugment(policy=svhn)", "autoaugment(policy=imagenet, levels=torchvision)", "autoaugment(levels=tensorflow)",
      "random-operations(operations=4, magnitude=3)",
      "random-operations(operations=4, levels=torchvision, magnitude=15)",
      "shear-x + shear-y + translate-x + translate-y + rotate + sharpness + hue + cutout",
    ]
  private static let images = [
    noise(width: 32, height: 32), noise(width: 47, height: 61), noise(width: 9, height: 5),
  ]
  private static let sizes = [
    ImageSize(width: 32, height: 32), ImageSize(width: 21, height: 33), ImageSize(width: 80, height: 80),
  ]

  @Test(arguments: texts) func `views of any size from images of any size`(text: String) throws {
    let augmentation = try Augmentation(text)
    let reused = AugmentationWorkspace()
    for image in Self.images {
      for size in Self.sizes {
        for index in 0..<8 {
          let found = view(of: image, augmentation, stream(index), size: size, reused)
          #expect(found.allSatisfy { element in (0...1).contains(element) })
          let fresh = viewImage(of: image, augmentation, stream(index), size: size)
          #expect(fresh.size == size)
          let levels = fresh.samples
          let count = size.pixelCount
          let expected = found.indices.map { place in Float(levels[place % count * 3 + place / count]) / 255 }
          // Operations on floats are rounded in images only.
          #expect(largestDifference(found, expected) <= (text == "crop-flip-jitter" ? 0.00197 : 0))
        }
      }
    }
  }

  @Test(arguments: texts, TestedPath.all) func `the same bits on every path`(text: String, tested: TestedPath) throws {
    let augmentation = try Augmentation(text)
    let (baseline, workspace) = (AugmentationWorkspace(KERNEL_PATH_BASELINE), AugmentationWorkspace(tested.path))
    for image in Self.images {
      for index in 0..<20 {
        #expect(
          view(of: image, augmentation, stream(index), size: Self.sizes[index % 2], workspace)
            == view(of: image, augmentation, stream(index), size: Self.sizes[index % 2], baseline))
      }
    }
  }

  @Test func `without a resizing operation an image of the view's size stays, another is cut to its center`() throws {
    let image = noise(width: 14, height: 14)
    #expect(viewImage(of: image, .none, stream(0)) == image)
    // 8/7 of 12 rows are 14: the image is not resized, only cut.
    let cut = viewImage(of: image, .none, stream(0), size: ImageSize(width: 12, height: 12))
    for row in 0..<12 {
      let start = ((row + 1) * 14 + 1) * 3
      #expect(Array(cut.samples[row * 36..<row * 36 + 36]) == Array(image.samples[start..<start + 36]))
    }
  }

  // Resized to cover the view, its long side has more pixels than 32 bits can count.
  @Test(arguments: ["none", "resize"])
  func `of a strip of 17 million pixels by one, the middle is seen`(text: String) throws {
    let (length, side) = (17_000_000, 224)
    var strip = RGBImage(width: length, height: 1, samples: [UInt8](repeating: 90, count: 3 * length))
    // The view shows the two pixels of the middle, with weights of one pixel more on each side.
    for column in length / 2 - 3..<length / 2 + 3 {
      strip.samples[3 * column] = 200
    }
    let size = ImageSize(width: side, height: side)
    let found = viewImage(of: strip, try Augmentation(text), stream(0), size: size)
    #expect(found.size == size)
    let pixels = stride(from: 0, to: found.samples.count, by: 3).map { place in
      Array(found.samples[place..<place + 3])
    }
    #expect(Set(pixels) == [[200, 90, 90]])
  }
}
