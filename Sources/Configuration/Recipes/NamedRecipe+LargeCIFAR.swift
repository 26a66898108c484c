extension NamedRecipe {
  /// The recipes for ResNet-50 on CIFAR-10, with the settings of the SupCon authors' PyTorch code.
  static let largeCIFAR = [
    NamedRecipe(
      name: "cifar10-resnet50-supcon",
      summary: "ResNet-50 with the Supervised Contrastive loss, the authors' PyTorch code",
      command: .pretrain,
      yaml: text(
        title: "the Supervised Contrastive loss", result: "96.0", loss: "supcon", temperature: "0.1")),
    NamedRecipe(
      name: "cifar10-resnet50-simclr", summary: "ResNet-50 with SimCLR's loss, the authors' PyTorch code",
      command: .pretrain,
      yaml: text(title: "SimCLR's loss", result: "93.6", loss: "simclr", temperature: "0.5")),
  ]

  private static func text(title: String, result: String, loss: String, temperature: String) -> String {
    """
    # ResNet-50 on CIFAR-10 with \(title), as in the authors' PyTorch code HobbitLong/SupContrast
    # (its README; Khosla and others 2020, table 2: \(result) % after the linear stage).
    dataset: cifar10
    model: resnet50
    # 3×3 convolution of stride 1 without pooling.
    stem: cifar
    normalize-encoder: false
    # 2048 → 2048 → 128.
    head: mlp
    embedding-width: 128
    loss: \(loss)
    temperature: \(temperature)
    # Its losses are multiplied with temperature / 0.07, its base temperature.
    loss-scale: tau/0.07
    views: 2
    augmentation: supcontrast
    optimizer: sgd
    momentum: 0.9
    # On all parameters, scales and shifts included.
    weight-decay: 1.0e-4
    weight-decay-exclude: none
    # Not multiplied with the batch.
    learning-rate: 0.5
    scale-learning-rate: false
    # Per step and down to 0; theirs per epoch and down to a thousandth of the peak.
    schedule: cosine
    # Ours begins at the peak divided by the number of warm-up steps, 0.001; theirs at 0.01.
    warmup-epochs: 10
    epochs: 1000
    batch-size: 1024
    # Whole shards of what an epoch leaves: 832 samples; theirs has all 848.
    last-batch: keep
    # Activations of a shard take about 1.3 GB in bfloat16, 2.6 GB in float32, for each thread; --shard-size 32 takes half of
    # that.
    shard-size: 64
    # BatchNorm's statistics are those of a shard: 128 views. Theirs are those of a GPU, 256 views on eight, and their --syncBN
    # has no effect on that; --batch-norm shards:2 --last-batch drop has as many.
    batch-norm: shard

    """
  }
}
