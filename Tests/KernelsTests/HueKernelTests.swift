import Foundation
import Kernels
import TestSupport
import Testing

/// Pillow's conversions to hue, saturation and value and back, as its source computes them.
struct HueKernelTests {
  private struct Color: Equatable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8
  }

  private func shifted(_ color: Color, by shift: UInt8) -> Color {
    let value = max(color.red, color.green, color.blue)
    let range = value - min(color.red, color.green, color.blue)
    guard range > 0 else { return color }
    let divisor = Float(range)
    let red = Float(value - color.red) / divisor
    let green = Float(value - color.green) / divisor
    let blue = Float(value - color.blue) / divisor
    let sector =
      color.red == value
      ? blue - green
      : color.green == value ? Float(2 + Double(red) - Double(blue)) : Float(4 + Double(green) - Double(red))
    let turn = Float(fmod(Double(sector) / 6 + 1, 1))
    let hue = UInt8(Double(turn) * 255) &+ shift
    let saturation = UInt8(Double(divisor / Float(value)) * 255)
    guard saturation > 0 else { return Color(red: value, green: value, blue: value) }
    let sixths = Double(hue) * 6 / 255
    let part = sixths.rounded(.down)
    let rest = Double(Float(sixths - part))
    let share = Double(Float(saturation) / 255)
    let low = UInt8((Double(value) * (1 - share)).rounded())
    let falling = UInt8((Double(value) * (1 - Double(Float(share) * Float(rest)))).rounded())
    let rising = UInt8((Double(value) * (1 - share * (1 - rest))).rounded())
    return switch Int(part) % 6 {
    case 0: Color(red: value, green: rising, blue: low)
    case 1: Color(red: falling, green: value, blue: low)
    case 2: Color(red: low, green: value, blue: rising)
    case 3: Color(red: low, green: falling, blue: value)
    case 4: Color(red: rising, green: low, blue: value)
    default: Color(red: value, green: low, blue: falling)
    }
  }

  /// All colors of 86 levels of green (each third one), and all hues that they can be moved to.
  @Test(arguments: TestedPath.all) func `hues move as Pillow's`(_ tested: TestedPath) {
    for (round, green) in stride(from: 0, through: 255, by: 3).enumerated() {
      let shift = UInt8(truncatingIfNeeded: round * 41)
      let count = 256 * 256
      var planes = [UInt8](repeating: UInt8(green), count: 3 * count)
      for pixel in 0..<count {
        planes[pixel] = UInt8(pixel >> 8)
        planes[2 * count + pixel] = UInt8(pixel & 255)
      }
      unsafe tested.kernels.image_shift_hue(&planes, count, shift)
      let isEqual = (0..<count).allSatisfy { pixel in
        Color(red: planes[pixel], green: planes[count + pixel], blue: planes[2 * count + pixel])
          == shifted(Color(red: UInt8(pixel >> 8), green: UInt8(green), blue: UInt8(pixel & 255)), by: shift)
      }
      #expect(isEqual, "green \(green), shift \(shift)")
    }
  }

  @Test(arguments: TestedPath.all) func `hues of every number of pixels are those of a plain loop`(_ tested: TestedPath)
  {
    for count in [1, 2, 63, 64, 65, 127, 130] {
      var numbers = TestNumbers(seed: 3)
      let planes = (0..<3 * count).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      var found = planes
      unsafe tested.kernels.image_shift_hue(&found, count, 77)
      for pixel in 0..<count {
        let color = Color(red: planes[pixel], green: planes[count + pixel], blue: planes[2 * count + pixel])
        #expect(
          shifted(color, by: 77)
            == Color(red: found[pixel], green: found[count + pixel], blue: found[2 * count + pixel]))
      }
    }
  }
}
