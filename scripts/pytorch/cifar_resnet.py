"""CIFAR ResNets (resnet8 … resnet1202) in PyTorch, for encoders that `supcon export` or scripts/pack-encoder.sh wrote.

    from cifar_resnet import load
    encoder = load("encoder.safetensors")
    representations = encoder(images)     # [N, 64], of normalized images [N, 3, height, width]
    logits = encoder.classify(images)     # [N, classes], if the file has a classifier

Depth, classes and normalization come from the file: `encoder.mean` and `encoder.std` normalize images with values from 0 to 1,
`encoder.class_names` are the classes in the order of the logits. Needs torch and safetensors.

The network is that of He et al. 2016 (arXiv:1512.03385, section 4.2) with shortcuts of option A. Names of parameters are those of the layout ge.
"""

import json

import torch
from safetensors import safe_open
from torch import nn
from torch.nn import functional as F


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut without parameters: every `stride`-th pixel, new channels filled with zeros on both sides."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride = stride
        self.padding = (outputs - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        shortcut = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.padding, self.padding))
        return F.relu(y + shortcut)


class CIFARResNet(nn.Module):
    """An encoder [N, 3, height, width] → [N, 64], and its linear classifier if `num_classes` is not 0.

    `normalize` scales representations to unit length, as `supcon pretrain --normalize-encoder` does.
    """

    def __init__(self, depth=20, num_classes=0, normalize=True):
        super().__init__()
        self.normalize = normalize
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = (
            nn.Sequential(*[BasicBlock(inputs if index == 0 else width, width, stride if index == 0 else 1) for index in range((depth - 2) // 6)])
            for inputs, width, stride in [(16, 16, 1), (16, 32, 2), (32, 64, 2)]
        )
        self.linear = nn.Linear(64, num_classes) if num_classes else None

    def forward(self, images):
        x = F.relu(self.bn1(self.conv1(images)))
        x = self.layer3(self.layer2(self.layer1(x)))
        representations = x.mean((2, 3))
        return F.normalize(representations, dim=1) if self.normalize else representations

    def classify(self, images):
        """Logits of the linear classifier."""
        if self.linear is None:
            raise ValueError(
                "the file has no classifier: run `supcon linear` on an encoder that was trained with --normalize-encoder"
                " before `supcon export`, or export to ONNX")
        return self.linear(self(images))


def load(path):
    """Returns the encoder of a file of the layout ge, for inference; a projection head in the file is left out."""
    with safe_open(path, framework="pt") as file:
        names, metadata = file.keys(), file.metadata() or {}
        weights = {name: file.get_tensor(name) for name in names if not name.startswith("contrastive_")}
    if "layer3.0.conv1.weight" not in weights or "layer4.0.conv1.weight" in weights:
        raise ValueError(f"{path}: is no CIFAR ResNet of the layout ge: export it with `supcon export --layout ge`")
    blocks = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layer1."))
    classes = len(weights["linear.bias"]) if "linear.bias" in weights else 0
    # Files without this entry are of other programs or of earlier versions: models of the layout scale.
    model = CIFARResNet(6 * blocks + 2, classes, metadata.get("normalize_encoder", "true") == "true")
    model.load_state_dict(weights, strict=True)
    for statistic in ["mean", "std"]:
        values = [float(value) for value in metadata[statistic].split(",")] if statistic in metadata else None
        setattr(model, statistic, torch.tensor(values).reshape(1, 3, 1, 1) if values else None)
    model.class_names = json.loads(metadata["class_names"]) if "class_names" in metadata else None
    return model.eval()
