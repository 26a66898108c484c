extension NamedRecipe {
  /// The recipes for ResNet-50 on ImageNet, with the settings of the SupCon paper (Khosla and others 2020).
  static let imageNet = [
    NamedRecipe(
      name: "imagenet-resnet50-supcon", summary: "ResNet-50 with the Supervised Contrastive loss, the paper",
      command: .pretrain,
      yaml: """
        # ResNet-50 on ImageNet with the Supervised Contrastive loss, as in Khosla and others 2020 (table 3: 78.7 % after the
        # linear stage) and, where the paper is silent, the script for it in the authors' TensorFlow code.
        # --data is the folder with train/ and val/.
        dataset: folder
        image-size: 224
        # The usual ones, as counting them anew takes a visit of all images.
        mean: 0.485,0.456,0.406
        std: 0.229,0.224,0.225
        # Images of several megapixels are halved in the decoder while they stay twice as large as views.
        decode: scaled
        model: resnet50
        stem: imagenet
        # Scales behind each block's last convolution begin at 0.
        zero-init-last-scale: true
        normalize-encoder: true
        # One linear layer to 128, as the script has it; the paper names an MLP as well.
        head: linear
        embedding-width: 128
        loss: supcon
        temperature: 0.1
        # The paper's scaling of the loss by the temperature.
        loss-scale: tau
        views: 2
        augmentation: autoaugment-imagenet
        optimizer: lars
        momentum: 0.9
        # Neither decay nor adaptation for BatchNorm's scales and shifts.
        weight-decay: 1.0e-3
        weight-decay-exclude: bias-and-norm
        # For a batch of 256: 9.6 at 6144.
        learning-rate: 0.4
        scale-learning-rate: true
        schedule: cosine
        # Ours begins at the peak divided by the number of warm-up steps, theirs at 0, one step earlier.
        warmup-epochs: 12
        epochs: 350
        batch-size: 6144
        last-batch: drop
        # Up to 384 ranks. Activations of a shard take about 0.9 GB in bfloat16, 1.8 GB in float32.
        shard-size: 16
        # The whole batch, as the script has it on a TPU. Then a rank computes all of its shards side by side, and needs that
        # memory for each of them; with --batch-norm shard (32 views, below which statistics become noisy) for each thread.
        batch-norm: global

        """)
  ]
}
