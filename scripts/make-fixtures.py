#!/usr/bin/env python3
"""Writes the numbers that Tests/NeuralNetTests compares the layers with, computed by PyTorch in float64.

    python3 -m venv .venv && .venv/bin/pip install torch==2.13.0+cpu numpy \
        --extra-index-url https://download.pytorch.org/whl/cpu
    .venv/bin/python scripts/make-fixtures.py

Inputs are not stored: both sides compute them from an integer hash of a name and an index (`noise`), exact in float32.
Results are stored as a summary (`summarise`): their Euclidean norm, their dot product with noise, and 16 elements.
The computation is in float64 from these float32 inputs, so that what the tests see is the error of the layers alone.
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "NeuralNetTests" / "Fixtures"
MASK = 0xFFFFFFFF


# Numbers that both sides compute


def fnv1a(name):
    hash = 2166136261
    for byte in name.encode():
        hash = ((hash ^ byte) * 16777619) & MASK
    return hash


def hashes(name, count):
    """The 32-bit finaliser "lowbias32" over a Weyl sequence that begins at the name's hash."""
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + fnv1a(name)) & MASK
    x ^= x >> 16
    x = (x * 0x7FEB352D) & MASK
    x ^= x >> 15
    x = (x * 0x846CA68B) & MASK
    return x ^ (x >> 16)


def noise(name, *shape, amplitude=1.0):
    """float32 numbers from amplitude · [-0.5, 0.5), multiples of amplitude · 2^-24."""
    units = (hashes(name, math.prod(shape)) >> 8).astype(np.float32) * np.float32(2**-24) - np.float32(0.5)
    return (units * np.float32(amplitude)).reshape(shape)


def tensor(array, requires_grad=False):
    return torch.tensor(np.asarray(array, dtype=np.float64), requires_grad=requires_grad)


# What is stored


def rounded(number):
    return float(f"{float(number):.9g}")


def summarise(values):
    flat = values.detach().numpy().reshape(-1)
    positions = hashes("positions", 16) % flat.size
    return {
        "count": int(flat.size),
        "norm": rounded(np.linalg.norm(flat)),
        "projection": rounded(flat @ noise("projection", flat.size).astype(np.float64)),
        "elements": [rounded(flat[position]) for position in positions],
    }


def write(name, content):
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


# Layers


def convolutions():
    cases = []
    for inputs, outputs, stride in [(16, 16, 1), (16, 32, 1), (48, 48, 1), (128, 128, 1), (160, 144, 1), (16, 32, 2), (32, 64, 2), (3, 16, 1), (3, 16, 2)]:
        x = tensor(noise("input", 2, inputs, 8, 6), requires_grad=True)
        w = tensor(noise("weights", outputs, inputs, 3, 3), requires_grad=True)
        y = F.conv2d(x, w, stride=stride, padding=1)
        y.backward(tensor(noise("output gradient", *y.shape)))
        cases.append({
            "inputChannels": inputs, "outputChannels": outputs, "stride": stride, "output": summarise(y),
            "weightGradient": summarise(w.grad), "inputGradient": summarise(x.grad),
        })
    write("convolutions", cases)


def batch_normalization():
    """relu(BN(x)), relu(BN(x) + s), and relu(BN(x) + BN'(s)), in training and evaluation."""
    shape, channels = (4, 16, 8, 6), 16
    # Channels of different means, so that a wrong mean cannot hide.
    input = noise("input", *shape, amplitude=4) + noise("channel means", channels, amplitude=4)[None, :, None, None]
    side = noise("shortcut", *shape, amplitude=2)

    def normalization(name):
        layer = nn.BatchNorm2d(channels, eps=1e-5, momentum=1.0).double()
        with torch.no_grad():
            layer.weight.copy_(tensor(np.float32(1) + noise(f"{name}scale", channels)))
            layer.bias.copy_(tensor(noise(f"{name}shift", channels)))
        return layer

    cases = []
    for kind in ["relu", "addRelu", "addNormalizedRelu"]:
        x = tensor(input, requires_grad=True)
        s = tensor(side, requires_grad=True)
        layer, other = normalization(""), normalization("shortcut ")

        def output():
            return F.relu(layer(x) + {"relu": 0, "addRelu": s, "addNormalizedRelu": other(s)}[kind])

        y = output()
        y.backward(tensor(noise("output gradient", *shape)) + tensor(noise("second gradient", *shape)))
        # With momentum 1 the running statistics are those of this batch, the variance divided by n - 1.
        case = {
            "kind": kind, "output": summarise(y), "inputGradient": summarise(x.grad),
            "scaleGradient": summarise(layer.weight.grad), "shiftGradient": summarise(layer.bias.grad),
            "mean": summarise(layer.running_mean), "unbiasedVariance": summarise(layer.running_var),
        }
        if kind != "relu":
            case["shortcutGradient"] = summarise(s.grad)
        for part, name in [(layer, ""), (other, "shortcut ")]:
            part.eval()
            part.running_mean.copy_(tensor(noise(f"{name}running mean", channels)))
            part.running_var.copy_(tensor(np.float32(1) + noise(f"{name}running variance", channels)))
        case["inference"] = summarise(output())
        cases.append(case)
    write("batch-normalization", cases)


def shortcut(x, width):
    """He et al. 2015, option A."""
    beside = (width - x.shape[1]) // 2
    return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, beside, beside))


def small_layers():
    content = {}

    x = tensor(noise("input", 3, 16, 4, 6), requires_grad=True)
    y = x.mean(dim=(2, 3))
    y.backward(tensor(noise("output gradient", *y.shape)))
    content["pooling"] = {"output": summarise(y), "inputGradient": summarise(x.grad)}

    content["shortcuts"] = []
    for inputs, outputs in [(16, 32), (32, 64)]:
        x = tensor(noise("input", 2, inputs, 8, 6), requires_grad=True)
        y = shortcut(x, outputs)
        y.backward(tensor(noise("output gradient", *y.shape)))
        content["shortcuts"].append({
            "inputChannels": inputs, "outputChannels": outputs, "output": summarise(y),
            "inputGradient": summarise(x.grad),
        })

    x = tensor(noise("input", 5, 12), requires_grad=True)
    y = F.normalize(x, dim=1)
    y.backward(tensor(noise("output gradient", *y.shape)))
    content["unitNormalization"] = {"output": summarise(y), "inputGradient": summarise(x.grad)}

    for kind in ["mlp", "linear"]:
        if kind == "mlp":
            layers = {"head.0": nn.Linear(24, 24), "head.2": nn.Linear(24, 10)}
        else:
            layers = {"head": nn.Linear(24, 10)}
        model = nn.ModuleDict({name.replace(".", "_"): layer for name, layer in layers.items()}).double()
        parameters = {}
        for name, layer in layers.items():
            for part in ["weight", "bias"]:
                parameters[f"{name}.{part}"] = parameter = getattr(layer, part)
                with torch.no_grad():
                    parameter.copy_(tensor(linear_values(f"{name}.{part}", parameter.shape, layer.in_features)))
        x = tensor(noise("input", 7, 24, amplitude=2), requires_grad=True)
        y = x
        for index, layer in enumerate(model.values()):
            y = layer(F.relu(y) if index > 0 else y)
        y.backward(tensor(noise("output gradient", *y.shape)))
        content[f"{kind}Head"] = {
            "output": summarise(y), "inputGradient": summarise(x.grad),
            "parameterGradients": {name: summarise(value.grad) for name, value in parameters.items()},
        }
    write("layers", content)


# Optimiser


def optimizer():
    cases = []
    for momentum, nesterov, decay in [(0.0, False, 0.0), (0.9, False, 1e-4), (0.9, True, 1e-4), (0.5, True, 0.1)]:
        parameters = tensor(noise("parameters", 40), requires_grad=True)
        sgd = torch.optim.SGD([parameters], lr=1.0, momentum=momentum, nesterov=nesterov, weight_decay=decay)
        for step, rate in enumerate([0.5, 0.25, 0.125]):
            sgd.param_groups[0]["lr"] = rate
            parameters.grad = tensor(noise(f"gradient {step}", 40))
            sgd.step()
        cases.append({
            "momentum": momentum, "usesNesterov": nesterov, "weightDecay": decay,
            "parameters": summarise(parameters), "velocity": summarise(
                sgd.state[parameters].get("momentum_buffer") if momentum else parameters.grad),
        })
    write("optimizer", cases)


# ResNets


class Block(nn.Module):
    def __init__(self, inputs, width, stride, is_projected):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.width, self.stride, self.is_projected = width, stride, is_projected
        if stride > 1 and is_projected:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.stride == 1:
            return F.relu(y + x)
        return F.relu(y + (self.shortcut(x) if self.is_projected else shortcut(x, self.width)))


class Encoder(nn.Module):
    """ResNet-20 (He et al. 2015, section 4.2) or ResNet-18 with a 3x3 stem and projected shortcuts."""

    def __init__(self, depth):
        super().__init__()
        widths, blocks, is_projected = {20: ([16, 32, 64], 3, False), 18: ([64, 128, 256, 512], 2, True)}[depth]
        self.conv1 = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.groups, self.width, inputs = len(widths), widths[-1], widths[0]
        for group, width in enumerate(widths):
            layers = []
            for index in range(blocks):
                layers.append(Block(inputs, width, 2 if group and not index else 1, is_projected))
                inputs = width
            setattr(self, f"layer{group + 1}", nn.Sequential(*layers))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        for group in range(self.groups):
            y = getattr(self, f"layer{group + 1}")(y)
        return y.mean(dim=(2, 3))


class Model(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.encoder = Encoder(depth)
        width = self.encoder.width
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 128))

    def forward(self, x):
        return F.normalize(self.head(self.encoder(x)), dim=1)


def linear_values(name, shape, inputs):
    return noise(name, *shape, amplitude=2 / math.sqrt(inputs))


def model_values(name, parameter, width):
    """Values of the size that training begins with, but scales of BatchNorm that all differ, and shifts around 1.

    With the shifts around 1 a tenth of the ReLUs is off, not half, and fewer are near their kinks: see `views`.
    """
    shape = parameter.shape
    if name.startswith("head."):
        return linear_values(name, shape, parameter.shape[-1] if len(shape) > 1 else width)
    if len(shape) == 4:
        return noise(name, *shape, amplitude=math.sqrt(24 / (shape[0] * shape[2] * shape[3])))
    return np.float32(1) + noise(name, *shape, amplitude=0.5)


def views(step, number=654):
    """16 views of noise with coarse structure of their own, so that their embeddings differ.

    A ReLU that rounding moves to its other side changes the gradients of the layers before it by 10^-4 to 10^-2. Of a
    thousand numbers tried, 654 is the one for which none of the 750 000 ReLUs of ResNet-20 is nearer than 10^-5 to its kink
    in any step.
    """
    coarse = noise(f"coarse views {number}.{step}", 16, 3, 2, 2, amplitude=4)
    return noise(f"fine views {number}.{step}", 16, 3, 16, 16) + coarse.repeat(8, axis=2).repeat(8, axis=3)


LABELS = torch.arange(16) // 2 % 3
TEMPERATURE = 0.1


def supervised_contrastive_loss(embeddings):
    """L_out of Khosla et al. 2020, equation 2, averaged over anchors."""
    logits = embeddings @ embeddings.T / TEMPERATURE
    others = ~torch.eye(len(LABELS), dtype=torch.bool)
    positives = (LABELS[:, None] == LABELS[None, :]) & others
    log_sums = logits.masked_fill(~others, -math.inf).logsumexp(dim=1, keepdim=True)
    log_probabilities = (logits - log_sums).masked_fill(~positives, 0)
    return -(log_probabilities.sum(1) / positives.sum(1)).mean()


def resnet(depth, kinds, steps_taken):
    content = {"temperature": TEMPERATURE, "labels": LABELS.tolist()}
    for kind in kinds:
        model = Model(depth).double()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(tensor(model_values(name, parameter, model.encoder.width)))
        sgd = torch.optim.SGD(
            model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4, nesterov=kind == "nesterov")
        steps = []
        for step in range(steps_taken):
            sgd.zero_grad()
            embeddings = model(tensor(views(step)))
            embeddings.retain_grad()
            loss = supervised_contrastive_loss(embeddings)
            loss.backward()
            steps.append({
                "loss": rounded(loss.item()), "embeddings": summarise(embeddings),
                "embeddingGradient": summarise(embeddings.grad),
                "gradients": {name: summarise(value.grad) for name, value in model.named_parameters()},
            })
            sgd.step()
        statistics = {
            name: summarise(value) for name, value in model.named_buffers() if not name.endswith("num_batches_tracked")}
        model.eval()
        with torch.no_grad():
            evaluated = model.encoder(tensor(views(0)))
        content[kind] = {
            "steps": steps, "statistics": statistics, "evaluation": summarise(evaluated),
            "parameters": {name: summarise(value) for name, value in model.named_parameters()},
        }
    write(f"resnet{depth}", content)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    convolutions()
    batch_normalization()
    small_layers()
    optimizer()
    resnet(20, ["heavyBall", "nesterov"], steps_taken=2)
    resnet(18, ["heavyBall"], steps_taken=1)
