import ImageCodecs
import Imaging
import KeyedRandomness

extension RGBImage {
  /// Returns the view for evaluation: the image itself if it has the given size, else resized to 8/7 of the size and
  /// center-cropped.
  func evaluationView(_ size: ImageSize) -> RGBImage {
    guard self.size != size else { return self }
    var stream = RandomStream(seed: 0, .augmentation)
    return Augmentation.none.image(of: self, size: size, &stream, workspace: AugmentationWorkspace())
  }
}
