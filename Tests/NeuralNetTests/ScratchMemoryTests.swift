import NeuralNet
import OneDNN
import Testing

/// The scratch memory of an encoder, most of which the activations of the last blocks lend to the first.
struct ScratchMemoryTests {
  /// The bytes of an encoder of some views and of its saved activations.
  private func byteCounts(_ model: String, views: Int) throws -> (encoder: Int, saved: Int) {
    useOneThreadPerPrimitive()
    let before = Tensor.livingByteCount
    let context = try NetworkContext(Engine(), mode: .training, precision: .bfloat16)
    let encoder = try ResNet(
      context, #require(ResNetArchitecture(name: model)), views: views, height: 32, width: 32)
    let compiled = Tensor.livingByteCount
    let saved = try encoder.makeSavedActivations()
    return withExtendedLifetime((encoder, saved)) {
      #expect(saved.byteCount == Tensor.livingByteCount - compiled)
      return (compiled - before, saved.byteCount)
    }
  }

  // ResNet-18 computes its first stage, with maps of 128 KiB a view, in lent memory. Of the other stages the largest
  // gradients of a block's input are two such maps, and the hidden maps and the outputs are half as large.
  //
  // ResNet-50 computes its first six blocks in lent memory. The gradients of the inputs of the next are 256 KiB each,
  // an output is 256 KiB, and hidden maps are 128 KiB. Of the first stage's outputs, 512 KiB a view, none is saved.
  @Test(arguments: [
    (model: "resnet18", scratch: (2 * 128 + 2 * 64) << 10, saved: (1440 + 32) << 10),
    (model: "resnet50", scratch: (3 * 256 + 128) << 10, saved: (8240 - 512 + 32) << 10),
  ])
  func `the first stages are computed in lent memory`(model: String, scratch: Int, saved: Int) throws {
    let (two, four) = (try byteCounts(model, views: 2), try byteCounts(model, views: 4))
    let perView = (encoder: (four.encoder - two.encoder) / 2, saved: (four.saved - two.saved) / 2)
    // The views themselves are float32.
    let expected = scratch + 3 * 32 * 32 * 4
    #expect(perView.encoder >= expected && perView.encoder < expected * 21 / 20, "\(perView.encoder), not \(expected)")
    #expect(abs(perView.saved - saved) < saved / 50, "\(perView.saved), not \(saved)")
  }
}
