import NeuralNet
import Testing

/// The count of multiplications against closed forms.
struct OperationsTests {
  /// At 32×32 every 3×3 convolution within a group has 16·16·9·32² = 2,359,296 multiplications: twice the channels see
  /// a quarter of the pixels.
  @Test(arguments: [(name: "resnet20", blocks: 3), (name: "resnet56", blocks: 9)])
  func `the CIFAR encoders have the operations of their closed form`(name: String, blocks: Int) throws {
    let architecture = try #require(ResNetArchitecture(name: name))
    let stem = 3 * 16 * 9 * 32 * 32
    let inner = 16 * 16 * 9 * 32 * 32
    // The first convolution of the second and of the third group has half the channels to read.
    let forward = stem + 2 * blocks * inner + 2 * ((2 * blocks - 1) * inner + inner / 2)
    let counts = architecture.multiplyAdds(height: 32, width: 32)
    #expect(counts.forward == forward)
    #expect(counts.backward == 2 * forward - stem)
  }

  @Test func `ResNet-20 has 40.55 million multiplications`() throws {
    let architecture = try #require(ResNetArchitecture(name: "resnet20"))
    #expect(architecture.multiplyAdds(height: 32, width: 32).forward == 40_550_400)
  }

  /// Four groups of two blocks, twice the channels and a quarter of the pixels in each; three 1×1 shortcuts.
  @Test func `ResNet-18 has the operations of its groups and shortcuts`() throws {
    let architecture = try #require(ResNetArchitecture(name: "resnet18"))
    let stem = 3 * 64 * 9 * 32 * 32
    let inner = 64 * 64 * 9 * 32 * 32
    let shortcut = 64 * 128 * 16 * 16
    let counts = architecture.multiplyAdds(height: 32, width: 32)
    #expect(counts.forward == stem + 4 * inner + 3 * (3 * inner + inner / 2 + shortcut))
    #expect(counts.backward == 2 * counts.forward - stem)
  }

  /// Odd sizes are rounded up where they are halved: 5×7, 3×4, 2×2.
  @Test func `odd image sizes are rounded up where they are halved`() throws {
    let architecture = try #require(ResNetArchitecture(name: "resnet20"))
    let group1 = 5 * 7 * 9 * (3 * 16 + 6 * 16 * 16)
    let group2 = 3 * 4 * 9 * (16 * 32 + 5 * 32 * 32)
    let group3 = 2 * 2 * 9 * (32 * 64 + 5 * 64 * 64)
    #expect(architecture.multiplyAdds(height: 5, width: 7).forward == group1 + group2 + group3)
  }

  // torchvision's documentation: 1.81, 3.66, 4.09, 7.80 and 11.51 thousand million with the classifier.
  @Test(arguments: zip([18, 34, 50, 101, 152], [1.81, 3.66, 4.09, 7.80, 11.51]))
  func `the ImageNet encoders have torchvision's operation counts`(depth: Int, billions: Double) throws {
    var architecture = try #require(ResNetArchitecture(name: "resnet\(depth)"))
    architecture.stem = .imagenet
    let classifier = Double(architecture.representationWidth * 1000)
    let count = Double(architecture.multiplyAdds(height: 224, width: 224).forward) + classifier
    #expect(abs(count / 1e9 - billions) < 0.006)
  }

  /// One bottleneck with option B by hand: 1×1, 3×3, 1×1 and the shortcut's 1×1, on the maps of the 3×3 stem.
  @Test func `ResNet-101 has seventeen bottleneck blocks more than ResNet-50`() throws {
    let fifty = try #require(ResNetArchitecture(name: "resnet50"))
    let oneHundredOne = try #require(ResNetArchitecture(name: "resnet101"))
    // Seventeen more blocks of width 256 in the third group, on a quarter of the rows and columns.
    let block = (1024 * 256 + 256 * 256 * 9 + 256 * 1024) * 8 * 8
    #expect(
      oneHundredOne.multiplyAdds(height: 32, width: 32).forward
        == fifty.multiplyAdds(height: 32, width: 32).forward + 17 * block)
  }

  @Test func `a projection head has the operations of its products`() {
    let mlp = ProjectionHeadArchitecture([64, 128]).multiplyAdds(inputWidth: 64)
    #expect(mlp == (forward: 64 * 64 + 64 * 128, backward: 2 * (64 * 64 + 64 * 128)))
    let linear = ProjectionHeadArchitecture([128]).multiplyAdds(inputWidth: 64)
    #expect(linear == (forward: 64 * 128, backward: 2 * 64 * 128))
    #expect(ProjectionHeadArchitecture([]).multiplyAdds(inputWidth: 64).forward == 0)
  }
}
