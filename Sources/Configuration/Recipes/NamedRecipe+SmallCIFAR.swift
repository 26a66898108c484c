extension NamedRecipe {
  /// The recipes for ResNet-20 on CIFAR: the Supervised Contrastive loss, and the cross-entropy as the baseline.
  static let smallCIFAR = ["cifar10", "cifar100"].flatMap { dataset in
    [
      NamedRecipe(
        name: "\(dataset)-resnet20-supcon", summary: "ResNet-20 with the Supervised Contrastive loss",
        command: .pretrain,
        yaml: """
          # ResNet-20 on \(title(dataset)) with the Supervised Contrastive loss, as in the independent PyTorch code
          # GuillaumeErhard/Supervised_contrastive_loss_pytorch, which reports \(dataset == "cifar10" ? "93.51" : "68.42") % after its linear stage.
          dataset: \(dataset)
          model: resnet20
          stem: cifar
          # Shortcuts without parameters: zero channels (option A of He and others 2015).
          shortcut: A
          # Representations have unit length before the head and before the classifier.
          normalize-encoder: true
          head: mlp
          head-widths: 64,64
          embedding-width: 64
          loss: supcon
          loss-scale: none
          temperature: 0.07
          views: 2
          # Its --auto-augment, without which it lost five points against cross-entropy.
          augmentation: autoaugment-cifar10
          optimizer: sgd
          momentum: 0.9
          weight-decay: 1.0e-4
          learning-rate: 0.1
          # Per step and down to 0; theirs per epoch and down to a thousandth of the peak.
          schedule: cosine
          warmup-epochs: 0
          epochs: 500
          batch-size: 256
          last-batch: drop
          # Four shards keep up to four ranks busy. BatchNorm's statistics are those of the whole batch, as there.
          shard-size: 64
          batch-norm: global

          """),
      NamedRecipe(
        name: "\(dataset)-resnet20-cross-entropy", summary: "the baseline: ResNet-20 with cross-entropy",
        command: .supervised,
        yaml: """
          # ResNet-20 on \(title(dataset)) with cross-entropy, as in the independent PyTorch code
          # GuillaumeErhard/Supervised_contrastive_loss_pytorch, which reports \(dataset == "cifar10" ? "92.71" : "66.28") % with AutoAugment.
          dataset: \(dataset)
          model: resnet20
          stem: cifar
          # Shortcuts without parameters: zero channels (option A of He and others 2015).
          shortcut: A
          views: 1
          augmentation: autoaugment-cifar10
          optimizer: sgd
          momentum: 0.9
          weight-decay: 1.0e-4
          learning-rate: 0.05
          # Per step and down to 0; theirs per epoch and down to a thousandth of the peak.
          schedule: cosine
          warmup-epochs: 0
          # It reports up to 700, and that the baseline needed three attempts.
          epochs: 700
          batch-size: 256
          last-batch: keep
          # Up to four ranks. BatchNorm's statistics are those of the whole batch, as there.
          shard-size: 64
          batch-norm: global

          """),
    ]
  }

  private static func title(_ dataset: String) -> String {
    dataset == "cifar10" ? "CIFAR-10" : "CIFAR-100"
  }
}
