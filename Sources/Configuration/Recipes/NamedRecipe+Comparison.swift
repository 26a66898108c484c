extension NamedRecipe {
  /// The recipes that docs/results.md compares: ResNet-20 on CIFAR, 200 epochs, with each loss and the same optimizer.
  static let comparison = ["cifar10", "cifar100"].flatMap { dataset in
    [
      NamedRecipe(
        name: "\(dataset)-resnet20-cross-entropy-200e", summary: "ResNet-20 with cross-entropy, 200 epochs",
        command: .supervised,
        yaml: text(dataset, "cross-entropy", ["views: 1", "augmentation: crop-flip"])),
      NamedRecipe(
        name: "\(dataset)-resnet20-cross-entropy-autoaugment-200e", summary: "the same with AutoAugment",
        command: .supervised,
        yaml: text(dataset, "cross-entropy and AutoAugment", ["views: 1", "augmentation: autoaugment-cifar10"])),
      NamedRecipe(
        name: "\(dataset)-resnet20-supcon-200e",
        summary: "ResNet-20 with the Supervised Contrastive loss, 200 epochs", command: .pretrain,
        yaml: text(dataset, "the Supervised Contrastive loss", contrast + ["augmentation: crop-flip-jitter"])),
      NamedRecipe(
        name: "\(dataset)-resnet20-supcon-autoaugment-200e", summary: "the same with AutoAugment", command: .pretrain,
        yaml: text(
          dataset, "the Supervised Contrastive loss and AutoAugment", contrast + ["augmentation: autoaugment-cifar10"])),
      NamedRecipe(
        name: "\(dataset)-resnet20-joint-200e",
        summary: "ResNet-20 with the sum of both losses and AutoAugment, 200 epochs", command: .pretrain,
        yaml: text(
          dataset, "the sum of the Supervised Contrastive loss and cross-entropy",
          contrast + ["augmentation: autoaugment-cifar10", "contrastive-weight: 1.0", "cross-entropy-weight: 1.0"])),
    ]
  }

  private static let contrast = [
    "head: mlp", "embedding-width: 128", "loss: supcon", "loss-scale: none", "temperature: 0.1", "views: 2",
  ]

  private static func text(_ dataset: String, _ title: String, _ lines: [String]) -> String {
    """
    # ResNet-20 on \(dataset == "cifar10" ? "CIFAR-10" : "CIFAR-100") with \(title): a row of docs/results.md.
    # Optimizer and length as in the cross-entropy runs of chenyaofo/pytorch-cifar-models (200 epochs of batch 256, Nesterov momentum,
    # weight decay 5e-4, cosine), the same for every loss; chosen before any test image was seen, not by a search.
    dataset: \(dataset)
    model: resnet20
    stem: cifar
    \(lines.joined(separator: "\n"))
    optimizer: sgd
    momentum: 0.9
    nesterov: true
    weight-decay: 5.0e-4
    learning-rate: 0.1
    schedule: cosine
    warmup-epochs: 5
    epochs: 200
    batch-size: 256
    last-batch: drop
    # BatchNorm's statistics are those of a shard. Four shards keep up to four ranks busy.
    shard-size: 64
    batch-norm: shard

    """
  }
}
