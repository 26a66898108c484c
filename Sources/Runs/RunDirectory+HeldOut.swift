import Configuration

extension RunDirectory {
  /// Returns the warning that images which a fraction holds out may be ones that this run's encoder was trained on;
  /// `nil` if they are those that the run held out, or if it was trained on other data.
  ///
  /// The choice of these images depends on the fraction and on the number of images of each class: once an image is
  /// removed, most of those held out of its class are others. A smaller fraction holds out a part of the same samples.
  ///
  /// - Parameters:
  ///   - data: The data options with which the images are held out.
  ///   - fingerprint: The hash of the training images that are left; `nil` for datasets whose files have fixed names.
  ///   - classNames: The names of the classes.
  ///   - own: The data options of this run, with the fingerprint of the images that it was trained on.
  /// - Returns: The warning.
  package func warning(
    ofHeldOut data: DataOptions, fingerprint: String?, _ classNames: [String], own: DataOptions
  ) -> String? {
    guard let fraction = data.validationFraction, data.dataset == own.dataset, !isImported else { return nil }
    // A run without a fingerprint has not opened its folder of images.
    let isOther =
      data.dataset == .folder
      ? own.fingerprint != nil && fingerprint != own.fingerprint : fraction > own.validationFraction ?? 0
    guard isOther else { return nil }
    if case .list(let names)? = JSONValue.fields(ofFile: summaryPath)?["class_names"],
      Set(names.compactMap(\.string)).isDisjoint(with: classNames)
    {
      return nil
    }
    return
      "--validation-fraction \(plain(fraction)): the images held out are not those of \(path), whose encoder may have been trained on some of them, so that accuracies on them may be too high; put back the images and the fraction of that run, or train a new encoder"
  }
}
