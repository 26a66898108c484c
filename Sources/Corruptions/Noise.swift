import ImageCodecs
import KeyedRandomness

/// The noise corruptions: Gaussian, shot (Poisson) and impulse noise.
///
/// All samples are independent, including the three channels of a pixel.
enum Noise {
  /// Adds Gaussian noise of standard deviation `deviation`, where samples are from 0 to 1.
  static func gaussian(_ image: RGBImage, deviation: Double, _ stream: inout RandomStream) -> RGBImage {
    let normals = stream.nextNormals(image.samples.count)
    var noisy = image
    for index in normals.indices {
      noisy.samples[index] = Raster.level(Double(image.samples[index]) / 255 + deviation * normals[index])
    }
    return noisy
  }

  /// Replaces each sample by a Poisson count whose mean at full brightness is `photons`, scaled back to 0…255.
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

  /// Sets a random fraction `share` of the samples to 0 or 255, with equal probability.
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
