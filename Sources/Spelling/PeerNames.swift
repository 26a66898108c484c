/// The names that PyTorch training scripts and similar programs give to options and values of this one.
package enum PeerNames {
  private static let options = [
    "lr": "learning-rate", "base-lr": "learning-rate", "lr-scheduler": "schedule", "sched": "schedule",
    "wd": "weight-decay", "arch": "model", "backbone": "model", "encoder": "model", "workers": "loader-threads",
    "num-workers": "loader-threads", "j": "loader-threads", "bs": "batch-size", "b": "batch-size",
    "batch": "batch-size", "amp": "precision", "dtype": "precision", "opt": "optimizer", "temp": "temperature",
    "tau": "temperature", "aug": "augmentation", "feat-dim": "embedding-width", "proj-dim": "embedding-width",
    "max-epochs": "epochs", "max-steps": "steps", "warmup": "warmup-epochs", "save-freq": "checkpoint-steps",
    "print-freq": "log-steps", "smoothing": "label-smoothing", "img-size": "image-size", "size": "image-size",
    "data-dir": "data", "data-path": "data", "data-folder": "data", "save-dir": "output", "output-dir": "output",
    "out": "output", "checkpoint": "init", "pretrained": "init", "method": "loss", "lr-decay-epochs": "decay-epochs",
    "lr-decay-rate": "decay-rate", "ema": "weight-average", "ema-decay": "weight-average",
    "model-ema-decay": "weight-average", "mixup-alpha": "mixup", "cutmix-alpha": "cutmix", "random-seed": "seed",
    "num-threads": "threads", "nproc": "threads", "sync-bn": "batch-norm", "syncbn": "batch-norm",
    "sync-batchnorm": "batch-norm", "log-interval": "log-steps", "log-every": "log-steps",
    "log-every-n-steps": "log-steps", "drop-last": "last-batch", "save-every": "checkpoint-steps",
    "save-interval": "checkpoint-steps", "eval-freq": "evaluate-epochs", "eval-interval": "evaluate-epochs",
    "bsz": "batch-size", "exp-name": "output", "experiment": "output", "root": "data", "b1": "beta1", "b2": "beta2",
    "val-interval": "evaluate-epochs", "min-lr": "schedule", "num-views": "views",
  ]

  /// Other options that a name may mean, for commands without the option in ``options``.
  private static let further = [
    "run": ["output"], "output": ["run"], "steps": ["epochs"], "max-steps": ["epochs"], "json": ["format"],
    "csv": ["format"], "k": ["neighbors", "top"], "topk": ["top"], "num-neighbors": ["neighbors"],
    "ckpt": ["checkpoint", "init"], "checkpoint": ["init"], "resume-from": ["resume"], "cfg": ["config"],
    "config-file": ["config"], "weights": ["init"], "finetune-from": ["init"], "n-views": ["views"],
    "crop": ["augmentation"],
    "dir": ["data"], "input": ["data"], "folder": ["data"], "name": ["output"], "model-name": ["model"],
    "val-split": ["validation-fraction"], "test-size": ["validation-fraction"], "save-path": ["output"],
    "num-epochs": ["epochs"], "n-epochs": ["epochs"], "fp16": ["precision"], "bf16": ["precision"],
    "cosine": ["schedule"], "log-dir": ["output"],
    "verbosity": ["log-steps"], "cos": ["schedule"], "logdir": ["output"], "gamma": ["decay-rate"],
    "crop-size": ["image-size"], "v": ["verbose"],
  ]

  private static let values = [
    "bf16": "bfloat16", "fp32": "float32", "f32": "float32", "float": "float32", "full": "float32",
    "cifar-10": "cifar10", "cifar-100": "cifar100", "imagefolder": "folder", "imagenet": "folder",
    "fp16": "bfloat16", "16": "bfloat16", "bf16-mixed": "bfloat16", "16-mixed": "bfloat16", "mixed": "bfloat16",
    "supconloss": "supcon", "nt-xent": "simclr", "ntxent": "simclr", "infonce": "simclr",
    "supervised-contrastive": "supcon",
    "cos": "cosine", "multistep": "step", "none": "constant", "random": "shuffle", "stratified": "fixed-labels",
  ]

  /// Returns the option that another program's option most likely means; `nil` if the name is unknown.
  package static func option(_ name: String) -> String? { options[name.replacing("_", with: "-").lowercased()] }

  /// Returns the options that another program's option may mean, the likeliest first; not every command has all of
  /// them.
  package static func options(_ name: String) -> [String] {
    let plain = name.replacing("_", with: "-").lowercased()
    return (options[plain].map { option in [option] } ?? []) + (further[plain] ?? [])
  }

  /// Returns what to give in place of another program's flag, such as `--batch-norm global` for `--sync-bn`, and the
  /// option that a command must have for this advice; `nil` for flags that have no such counterpart.
  package static func advice(_ name: String) -> (option: String, text: String)? {
    switch name.replacing("_", with: "-").lowercased() {
    case "amp", "fp16", "bf16", "half", "mixed-precision", "use-amp":
      ("precision", "--precision bfloat16 (the default, auto, chooses it where it is faster)")
    case "sync-bn", "syncbn", "sync-batchnorm": ("batch-norm", "--batch-norm global")
    case "drop-last": ("last-batch", "--last-batch drop, which is the default")
    case "nproc", "nproc-per-node", "np": ("threads", "--threads, or start ranks with mpirun -np")
    case "overwrite", "force", "exist-ok":
      ("resume", "another --output, as runs are never overwritten; --resume continues one")
    case "wandb", "tensorboard", "tb":
      ("log-steps", "nothing: TensorBoard's files are always written, in the run's folder tensorboard")
    case "num-classes", "n-classes", "n-cls": ("data", "--data alone: the number of classes comes from the data")
    case "cosine", "cos": ("schedule", "--schedule cosine, which is the default")
    case "labels", "label-file", "csv", "annotations":
      ("dataset", "--dataset folder --data LIST.csv, a list path,label,split")
    default: nil
    }
  }

  /// Returns true for the name of an option that selects a GPU in other programs.
  package static func namesGPU(_ name: String) -> Bool {
    ["gpu", "gpus", "gpu-id", "gpu-ids", "ngpu", "num-gpus", "cuda", "no-cuda", "device", "devices", "accelerator"]
      .contains(name.replacing("_", with: "-").lowercased())
  }

  /// Returns the value that another program's value most likely means; `nil` if it is unknown.
  package static func value(_ text: String) -> String? {
    let plain = text.lowercased()
    if let value = values[plain] {
      return value
    }
    // Without hyphens and underscores, resnet-20 and ResNet_20 are resnet20.
    let joined = plain.filter { letter in letter != "-" && letter != "_" }
    return joined == plain ? nil : joined
  }
}
