import ImageCodecs
import KeyedRandomness

/// The noise of a camera: of its electronics, of light itself, and of broken pixels.
///
/// Samples are independent, also the three of a pixel.
enum Noise {
  /// Adds normal deviates.
  static func gaussian(_ image: RGBImage, deviation: Double, _ stream: inout RandomStream) -> RGBImage {
    let normals = stream.nextNormals(image.samples.count)
    var noisy = image
    for index in normals.indices {
      noisy.samples[index] = Raster.level(Double(image.samples[index]) / 255 + deviation * normals[index])
    }
    return noisy
  }

  /// Replaces each sample by a count of photons of which `photons` are full brightness.
  static func shot(
    _ image: RGBImage, photons: Double, _ table: PoissonTable, _ stream: inout RandomStream
  ) -> RGBImage {
    var noisy = image
    for index in image.samples.indices {
      let count = table.count(level: image.samples[index], fraction: stream.nextFraction())
      noisy.samples[index] = Raster.level(Double(count) / photons)
    }
    return noisy
  }

  /// Makes a share of the samples black or full, with equal probability.
  static func impulse(_ image: RGBImage, share: Double, _ stream: inout RandomStream) -> RGBImage {
    var noisy = image
    for index in image.samples.indices {
      let fraction = stream.nextFraction()
      if fraction < share {
        noisy.samples[index] = fraction < share / 2 ? 0 : 255
      }
    }
    return noisy
  }
}
