import ImageCodecs

extension RGBImage {
  /// The image with this shorter side, by Pillow's antialiased bilinear filter; never larger than it is.
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
  /// This size shrunk in proportion until the shorter side has so many pixels, the other rounded down, as torchvision's `Resize`; a
  /// smaller one as it is.
  public func withShorterSide(_ side: Int) -> ImageSize {
    let shorter = min(width, height)
    guard shorter > side else { return self }
    return ImageSize(width: width * side / shorter, height: height * side / shorter)
  }
}
