import ImageCodecs

extension RGBImage {
  /// Returns the image downsampled to a shorter side of `side` pixels with Pillow's antialiased bilinear filter;
  /// smaller images are returned unchanged.
  public func resizedShorterSide(_ side: Int) -> RGBImage {
    let target = size.withShorterSide(side)
    guard target != size else { return self }
    let workspace = AugmentationWorkspace()
    workspace.begin(self, viewSize: target)
    workspace.resize(size.window, to: target, .bilinear)
    return workspace.makeImage()
  }
}

extension ImageSize {
  /// Returns this size scaled down to a shorter side of `side` pixels, keeping the aspect ratio; smaller sizes are
  /// unchanged.
  ///
  /// The longer side is rounded down, as in torchvision's `Resize`.
  public func withShorterSide(_ side: Int) -> ImageSize {
    let shorter = min(width, height)
    guard shorter > side else { return self }
    return ImageSize(width: width * side / shorter, height: height * side / shorter)
  }
}
