import ImageCodecs
import Imaging
import KeyedRandomness

extension RGBImage {
  /// Returns the view of the image that evaluation takes: the image itself if it has the size, else resized to 8/7 of
  /// it and cut.
  func evaluationView(_ size: ImageSize) -> RGBImage {
    guard self.size != size else { return self }
    var stream = RandomStream(seed: 0, .augmentation)
    return Augmentation.none.image(of: self, size: size, &stream, workspace: AugmentationWorkspace())
  }
}
