import Foundation
import Kernels
import TestSupport
import Testing

/// The loops over images against plain ones, to the last bit, on every instruction set of this machine.
struct ImageKernelTests {
  private static let sizes = [(1, 1), (2, 3), (3, 3), (7, 5), (17, 4), (18, 9), (19, 6), (33, 21), (64, 3), (130, 2)]

  private func levels(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var numbers = TestNumbers(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
  }

  /// The output of an out-of-place kernel for an image's planes.
  private func result(
    of planes: [UInt8], _ width: Int, _ height: Int, count: Int? = nil,
    _ kernel: (KernelImage, UnsafeMutablePointer<UInt8>) -> Void
  ) -> [UInt8] {
    var result = [UInt8](repeating: 0xAA, count: (count ?? planes.count) + 1)
    unsafe planes.withUnsafeBufferPointer { planes in
      guard let address = planes.baseAddress else { return }
      let image = unsafe KernelImage(planes: address, width: Int32(width), height: Int32(height))
      unsafe result.withUnsafeMutableBufferPointer { result in
        guard let address = result.baseAddress else { return }
        unsafe kernel(image, address)
      }
    }
    #expect(result.last == 0xAA, "a kernel writes beyond its result")
    return result.dropLast()
  }

  /// The output of an in-place kernel for levels.
  private func changed(_ levels: [UInt8], _ kernel: (UnsafeMutablePointer<UInt8>) -> Void) -> [UInt8] {
    var changed = levels + [0xAA]
    unsafe changed.withUnsafeMutableBufferPointer { changed in
      guard let address = changed.baseAddress else { return }
      unsafe kernel(address)
    }
    #expect(changed.last == 0xAA, "a kernel writes beyond its levels")
    return changed.dropLast()
  }

  private func luminance(_ planes: [UInt8], _ pixel: Int) -> Int {
    let count = planes.count / 3
    return
      (19595 * Int(planes[pixel]) + 38470 * Int(planes[count + pixel]) + 7471 * Int(planes[2 * count + pixel])
      + 0x8000) >> 16
  }

  private func blended(_ level: UInt8, _ base: Int, _ factor: Float) -> UInt8 {
    UInt8(min(max(Float(base) + factor * (Float(level) - Float(base)), 0), 255))
  }

  @Test(arguments: TestedPath.all) func `pixels become planes and pixels again`(_ tested: TestedPath) {
    for (width, height) in Self.sizes {
      let count = width * height
      let pixels = levels(3 * count)
      let planes = unsafe result(of: pixels, width, height) { image, result in
        unsafe tested.kernels.image_unpack(image.planes, count, result)
      }
      #expect(planes == (0..<3 * count).map { index in pixels[index % count * 3 + index / count] })
      let again = unsafe result(of: planes, width, height) { image, result in
        unsafe tested.kernels.image_pack(image.planes, count, result)
      }
      #expect(again == pixels)
    }
  }

  @Test(arguments: TestedPath.all) func `windows and mirrors copy the right pixels`(_ tested: TestedPath) {
    for (width, height) in Self.sizes {
      let planes = levels(3 * width * height)
      func level(_ plane: Int, _ row: Int, _ column: Int) -> UInt8? {
        (0..<height).contains(row) && (0..<width).contains(column)
          ? planes[(plane * height + row) * width + column] : nil
      }
      for (top, left, w, h) in [
        (0, 0, width, height), (-2, 1, width, height), (1, -3, 9, 4), (50, 0, 3, 3), (0, -200, 5, 2),
      ] {
        let found = unsafe result(of: planes, width, height, count: 3 * w * h) { image, result in
          let window = KernelWindow(top: Int32(top), left: Int32(left), width: Int32(w), height: Int32(h))
          unsafe tested.kernels.image_window(image, window, 7, result)
        }
        #expect(
          found == (0..<3 * w * h).map { index in level(index / w / h, top + index / w % h, left + index % w) ?? 7 })
      }
      let mirrored = unsafe result(of: planes, width, height) { image, result in
        unsafe tested.kernels.image_mirror(image, result)
      }
      #expect(
        mirrored
          == planes.indices.map { index in planes[index / width * width + width - 1 - index % width] })
    }
  }

  @Test(arguments: TestedPath.all) func `affine maps name the pixel of the whole part`(_ tested: TestedPath) {
    let matrix: [Int32] = [64000, 9000, -70000, -7000, 60000, 40000]
    for (width, height) in Self.sizes {
      let planes = levels(3 * width * height)
      let found = unsafe result(of: planes, width, height) { image, result in
        unsafe tested.kernels.image_affine(image, matrix, 9, result)
      }
      let expected = planes.indices.map { index -> UInt8 in
        let (plane, y, x) = (index / width / height, Int32(index / width % height), Int32(index % width))
        let fromX = Int((matrix[0] * x + matrix[1] * y + matrix[2]) >> 16)
        let fromY = Int((matrix[3] * x + matrix[4] * y + matrix[5]) >> 16)
        return (0..<width).contains(fromX) && (0..<height).contains(fromY)
          ? planes[(plane * height + fromY) * width + fromX] : 9
      }
      #expect(found == expected)
    }
  }

  @Test(arguments: TestedPath.all) func `views are looked up`(_ tested: TestedPath) {
    let table = (0..<768).map { index in Float(index) * 0.37 - 5 }
    for (channelStride, pixelStride) in [(35, 1), (1, 3), (2, 8)] {
      let planes = levels(105)
      var view = [Float](repeating: -1, count: 3 * 35 * 8)
      unsafe tested.kernels.image_view(planes, 35, table, &view, channelStride, pixelStride)
      var expected = [Float](repeating: -1, count: view.count)
      for index in 0..<105 {
        expected[index / 35 * channelStride + index % 35 * pixelStride] = table[index / 35 * 256 + Int(planes[index])]
      }
      #expect(view == expected)
    }
  }

  @Test(arguments: TestedPath.all) func `blends round down`(_ tested: TestedPath) {
    for factor in [0, 0.1, 0.5, 0.999, 1, 1.3, 1.9, 4] as [Float] {
      for (width, height) in Self.sizes {
        let count = width * height
        let planes = levels(3 * count, seed: UInt64(count))
        let constant = unsafe changed(planes) { levels in
          unsafe tested.kernels.image_blend_constant(levels, 3 * count, 97, factor)
        }
        #expect(constant == planes.map { level in blended(level, 97, factor) })
        let gray = unsafe changed(planes) { planes in
          unsafe tested.kernels.image_blend_luminance(planes, count, factor)
        }
        #expect(
          gray == planes.indices.map { index in blended(planes[index], luminance(planes, index % count), factor) })
        let sharp = unsafe result(of: planes, width, height) { image, result in
          unsafe tested.kernels.image_sharpen(image, factor, result)
        }
        let expected = planes.indices.map { index -> UInt8 in
          let (y, x) = (index / width % height, index % width)
          guard (1..<max(height - 1, 1)).contains(y), (1..<max(width - 1, 1)).contains(x) else { return planes[index] }
          let sum = [-1, 0, 1].flatMap { row in [-1, 0, 1].map { column in index + row * width + column } }
            .reduce(4 * Int(planes[index])) { sum, place in sum + Int(planes[place]) }
          return blended(planes[index], Int((Double(sum) / 13).rounded()), factor)
        }
        #expect(sharp == expected)
      }
    }
  }

  @Test(arguments: TestedPath.all) func `luminances are those of the integer formula`(_ tested: TestedPath) {
    for count in [1, 5, 33, 1024, 70000] {
      let planes = levels(3 * count)
      let gray = unsafe changed(planes) { planes in unsafe tested.kernels.image_grayscale(planes, count) }
      #expect(gray == planes.indices.map { index in UInt8(luminance(planes, index % count)) })
      let sum = unsafe tested.kernels.image_luminance_sum(planes, count)
      #expect(sum == UInt64((0..<count).reduce(0) { sum, pixel in sum + luminance(planes, pixel) }))
    }
  }

  @Test(arguments: TestedPath.all) func `levels are mapped as defined`(_ tested: TestedPath) {
    let all = levels(777)
    for threshold in [0, 1, 128, 255, 256] {
      let solarized = unsafe changed(all) { levels in
        unsafe tested.kernels.image_solarize(levels, 777, Int32(threshold))
      }
      #expect(solarized == all.map { level in level < threshold ? level : 255 - level })
      for addition in [-300, -20, 0, 60, 300] {
        let added = unsafe changed(all) { levels in
          unsafe tested.kernels.image_solarize_add(levels, 777, Int32(addition), Int32(threshold))
        }
        #expect(
          added == all.map { level in level < threshold ? UInt8(min(max(Int(level) + addition, 0), 255)) : level })
      }
    }
    let posterized = unsafe changed(all) { levels in unsafe tested.kernels.image_posterize(levels, 777, 0xE0) }
    #expect(posterized == all.map { level in level & 0xE0 })
  }

  @Test(arguments: TestedPath.all) func `stretching and equalizing follow the histogram of each channel`(
    _ tested: TestedPath
  ) {
    for (count, spread) in [(1, 256), (3, 1), (256, 40), (999, 200), (20000, 256), (5000, 3)] {
      let planes = levels(3 * count).map { level in UInt8(50 * 200 / 256 + Int(level) % spread * 200 / 256) }
      let stretched = unsafe changed(planes) { planes in unsafe tested.kernels.image_stretch(planes, count) }
      let even = unsafe changed(planes) { planes in unsafe tested.kernels.image_equalize(planes, count) }
      for channel in 0..<3 {
        let plane = planes[channel * count..<(channel + 1) * count]
        let (low, high) = (Int(plane.min() ?? 0), Int(plane.max() ?? 0))
        let scale = 255 / Double(high - low)
        #expect(
          Array(stretched[plane.indices])
            == plane.map { level in
              high > low ? UInt8(min(max(Double(level) * scale + Double(-low) * scale, 0), 255)) : level
            })
        let histogram = plane.reduce(into: [Int](repeating: 0, count: 256)) { histogram, level in
          histogram[Int(level)] += 1
        }
        let step = (count - histogram[high]) / 255
        let table = (0..<256).map { level in
          step == 0 ? level : min((step / 2 + histogram[..<level].reduce(0, +)) / step, 255)
        }
        #expect(Array(even[plane.indices]) == plane.map { level in UInt8(table[Int(level)]) })
      }
    }
  }
}
