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


def rounded(number, digits=9):
    return float(f"{float(number):.{digits}g}")


def summarise(values, digits=9):
    flat = values.detach().numpy().reshape(-1)
    positions = hashes("positions", 16) % flat.size
    return {
        "count": int(flat.size),
        "norm": rounded(np.linalg.norm(flat), digits),
        "projection": rounded(flat @ noise("projection", flat.size).astype(np.float64), digits),
        "elements": [rounded(flat[position], digits) for position in positions],
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

    content["maxPooling"] = []
    for height, width in [(8, 6), (9, 7)]:
        x = tensor(noise("input", 2, 16, height, width), requires_grad=True)
        y = F.max_pool2d(x, 3, 2, 1)
        y.backward(tensor(noise("output gradient", *y.shape)))
        content["maxPooling"].append({
            "height": height, "width": width, "output": summarise(y), "inputGradient": summarise(x.grad)})

    content["shortcuts"] = []
    for inputs, outputs, height, width in [(16, 32, 8, 6), (32, 64, 8, 6), (16, 32, 9, 7)]:
        x = tensor(noise("input", 2, inputs, height, width), requires_grad=True)
        y = shortcut(x, outputs)
        y.backward(tensor(noise("output gradient", *y.shape)))
        content["shortcuts"].append({
            "inputChannels": inputs, "outputChannels": outputs, "height": height, "width": width,
            "output": summarise(y), "inputGradient": summarise(x.grad),
        })

    x = tensor(noise("input", 5, 12), requires_grad=True)
    y = F.normalize(x, dim=1)
    y.backward(tensor(noise("output gradient", *y.shape)))
    content["unitNormalization"] = {"output": summarise(y), "inputGradient": summarise(x.grad)}

    content["heads"] = []
    for widths, is_normalized in [([10], False), ([24, 10], False), ([20, 16, 10], False), ([20, 16, 10], True)]:
        head = projection_head(24, widths, is_normalized).double()
        set_values(head, lambda name, parameter: head_values(name, parameter, is_normalized))
        x = tensor(noise("input", 7, 24, amplitude=2), requires_grad=True)
        y = head(x)
        y.backward(tensor(noise("output gradient", *y.shape)))
        content["heads"].append({
            "widths": widths, "hasBatchNormalization": is_normalized, "output": summarise(y),
            "inputGradient": summarise(x.grad),
            "parameterGradients": {name: summarise(value.grad) for name, value in head.named_parameters()},
            # With momentum 1 the running statistics are those of this batch, the variance divided by n - 1.
            "moments": {
                name: summarise(value) for name, value in head.named_buffers()
                if not name.endswith("num_batches_tracked")},
        })
    write("layers", content)


class Head(nn.Module):
    """Named as in SupContrast: one linear layer is `head`, more are `head.0` and so on."""

    def __init__(self, layers):
        super().__init__()
        self.head = layers[0] if len(layers) == 1 else nn.Sequential(*layers)

    def forward(self, x):
        return self.head(x)


def projection_head(inputs, widths, is_normalized):
    layers = []
    for index, width in enumerate(widths):
        is_last = index == len(widths) - 1
        layers.append(nn.Linear(inputs, width, bias=is_last or not is_normalized))
        if not is_last:
            if is_normalized:
                layers.append(nn.BatchNorm1d(width, eps=1e-5, momentum=1.0))
            layers.append(nn.ReLU())
        inputs = width
    return Head(layers)


def head_values(name, parameter, is_normalized=True):
    """Scales and shifts of normalizations around 1; the others as for 24 inputs."""
    if is_normalized and name.split(".")[1] in ["1", "4"]:
        return np.float32(1) + noise(name, *parameter.shape, amplitude=0.5)
    return linear_values(name, parameter.shape, 24)


def set_values(model, values):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensor(values(name, parameter)))


# Optimizers


class LayerwiseAdaptiveRate(torch.optim.Optimizer):
    """LARS with the learning rate within the momentum; biases and normalizations are not adapted."""

    def __init__(self, groups, momentum, nesterov):
        super().__init__(groups, {"lr": 0.0, "momentum": momentum, "nesterov": nesterov, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad + group["weight_decay"] * parameter
                rate = group["lr"]
                if parameter.dim() > 1:
                    rate = rate * 0.001 * parameter.norm() / gradient.norm()
                state = self.state[parameter]
                state["velocity"] = group["momentum"] * state.get("velocity", 0) + rate * gradient
                update = state["velocity"]
                if group["nesterov"]:
                    update = group["momentum"] * update + rate * gradient
                parameter -= update


OPTIMIZERS = [
    # name, options, weight decay, whether biases and normalizations are left out of it, learning rate, state
    ("sgd", {"momentum": 0.0, "nesterov": False}, 0.0, False, 0.1, ["momentum_buffer"]),
    ("sgd", {"momentum": 0.9, "nesterov": False}, 0.01, False, 0.1, ["momentum_buffer"]),
    ("sgd", {"momentum": 0.5, "nesterov": True}, 0.1, True, 0.1, ["momentum_buffer"]),
    ("lars", {"momentum": 0.9, "nesterov": False}, 0.1, True, 20.0, ["velocity"]),
    ("lars", {"momentum": 0.9, "nesterov": True}, 0.1, False, 20.0, ["velocity"]),
    ("rmsprop", {"momentum": 0.9, "alpha": 0.9, "eps": 1e-3}, 0.1, True, 0.01, ["square_avg", "momentum_buffer"]),
    ("rmsprop", {"momentum": 0.0, "alpha": 0.99, "eps": 1e-8}, 0.0, False, 0.01, ["square_avg"]),
    ("adam", {"betas": (0.9, 0.999), "eps": 1e-8}, 0.0, False, 0.05, ["exp_avg", "exp_avg_sq"]),
    ("adam", {"betas": (0.8, 0.95), "eps": 1e-3}, 0.1, True, 0.05, ["exp_avg", "exp_avg_sq"]),
    ("adamw", {"betas": (0.9, 0.999), "eps": 1e-8}, 0.1, False, 0.05, ["exp_avg", "exp_avg_sq"]),
    ("adamw", {"betas": (0.9, 0.99), "eps": 1e-8}, 0.1, True, 0.05, ["exp_avg", "exp_avg_sq"]),
]


def optimizers():
    """Ten steps with the gradients of a small network: an MLP with a normalization, 24 to 20 to 10."""
    classes = {
        "sgd": torch.optim.SGD, "lars": LayerwiseAdaptiveRate, "rmsprop": torch.optim.RMSprop,
        "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
    }
    cases = []
    for kind, options, decay, excludes, peak, state_names in OPTIMIZERS:
        model = projection_head(24, [20, 10], True).double()
        set_values(model, head_values)
        parameters = dict(model.named_parameters())
        groups = [
            {"params": [value for value in parameters.values() if value.dim() > 1], "weight_decay": decay},
            {"params": [value for value in parameters.values() if value.dim() == 1],
             "weight_decay": 0.0 if excludes else decay},
        ]
        optimizer = classes[kind](groups, **options)
        for step in range(10):
            for group in optimizer.param_groups:
                group["lr"] = peak * (step + 1) / 10
            optimizer.zero_grad()
            output = model(tensor(noise(f"input {step}", 7, 24, amplitude=2)))
            output.backward(tensor(noise(f"output gradient {step}", 7, 10)))
            optimizer.step()
        cases.append({
            "kind": kind, "weightDecay": decay, "excludesBiasAndNorm": excludes, "peak": peak,
            "options": [float(value) for value in np.concatenate([np.ravel(value) for value in options.values()])],
            "parameters": {name: summarise(value) for name, value in parameters.items()},
            "states": [
                {name: summarise(optimizer.state[value][state]) for name, value in parameters.items()}
                for state in state_names if not (kind == "sgd" and options["momentum"] == 0)],
        })
    write("optimizers", cases)


# ResNets


class Block(nn.Module):
    """Basic or bottleneck, the stride on a 3x3 convolution, the shortcut option A or B."""

    def __init__(self, inputs, width, stride, is_bottleneck, is_projected):
        super().__init__()
        outputs = 4 * width if is_bottleneck else width
        kinds = [(width, 1, 1), (width, 3, stride), (outputs, 1, 1)] if is_bottleneck else [
            (width, 3, stride), (outputs, 3, 1)]
        self.depth, channels = len(kinds), inputs
        for index, (output, kernel, step) in enumerate(kinds):
            setattr(self, f"conv{index + 1}", nn.Conv2d(channels, output, kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{index + 1}", nn.BatchNorm2d(output))
            channels = output
        self.outputs, self.is_same, self.is_projected = outputs, stride == 1 and inputs == outputs, is_projected
        if not self.is_same and is_projected:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = x
        for index in range(1, self.depth + 1):
            y = getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(y))
            if index < self.depth:
                y = F.relu(y)
        if self.is_same:
            return F.relu(y + x)
        return F.relu(y + (self.shortcut(x) if self.is_projected else shortcut(x, self.outputs)))


IMAGENET_BLOCKS = {
    18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3], 200: [3, 24, 36, 3]}


class Encoder(nn.Module):
    """He et al. 2015: the CIFAR ResNets of section 4.2 and those of table 1, with either stem."""

    def __init__(self, depth, stem="cifar", is_projected=None, multiplier=1):
        super().__init__()
        is_cifar = depth not in IMAGENET_BLOCKS
        widths = [int(width * multiplier) for width in ([16, 32, 64] if is_cifar else [64, 128, 256, 512])]
        counts = [(depth - 2) // 6] * 3 if is_cifar else IMAGENET_BLOCKS[depth]
        is_bottleneck = depth >= 50 and not is_cifar
        is_projected = not is_cifar if is_projected is None else is_projected
        kernel, stride = (3, 1) if stem == "cifar" else (7, 2)
        self.conv1 = nn.Conv2d(3, widths[0], kernel, stride, kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.stem, self.groups, inputs = stem, len(widths), widths[0]
        for group, (width, count) in enumerate(zip(widths, counts)):
            layers = []
            for index in range(count):
                layers.append(Block(inputs, width, 2 if group and not index else 1, is_bottleneck, is_projected))
                inputs = layers[-1].outputs
            setattr(self, f"layer{group + 1}", nn.Sequential(*layers))
        self.width = inputs

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        if self.stem == "imagenet":
            y = F.max_pool2d(y, 3, 2, 1)
        for group in range(self.groups):
            y = getattr(self, f"layer{group + 1}")(y)
        return y.mean(dim=(2, 3))


class Model(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
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


def views(step, number=654, count=16, height=16, width=16):
    """Views of noise with coarse structure of their own, so that their embeddings differ.

    A ReLU that rounding moves to its other side changes the gradients of the layers before it by 10^-4 to 10^-2. Of a
    thousand numbers tried, 654 is the one for which none of the 750 000 ReLUs of ResNet-20 is nearer than 10^-5 to its kink
    in any step.
    """
    coarse = noise(f"coarse views {number}.{step}", count, 3, 2, 2, amplitude=4)
    rows, columns = np.arange(height) * 2 // height, np.arange(width) * 2 // width
    return noise(f"fine views {number}.{step}", count, 3, height, width) + coarse[:, :, rows][:, :, :, columns]


LABELS = torch.arange(16) // 2 % 3
TEMPERATURE = 0.1


def supervised_contrastive_loss(embeddings):
    """L_out of Khosla et al. 2020, equation 2, averaged over anchors."""
    labels = LABELS[:len(embeddings)]
    logits = embeddings @ embeddings.T / TEMPERATURE
    others = ~torch.eye(len(labels), dtype=torch.bool)
    positives = (labels[:, None] == labels[None, :]) & others
    log_sums = logits.masked_fill(~others, -math.inf).logsumexp(dim=1, keepdim=True)
    log_probabilities = (logits - log_sums).masked_fill(~positives, 0)
    return -(log_probabilities.sum(1) / positives.sum(1)).mean()


def resnet(depth, kinds, steps_taken):
    content = {"temperature": TEMPERATURE, "labels": LABELS.tolist()}
    for kind in kinds:
        model = Model(Encoder(depth)).double()
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


ENCODERS = [
    # name of the fixture, depth, options, height and width of the 8 views, their number: see `views`
    ("resnet32", 32, {}, (16, 16), 654), ("resnet44", 44, {}, (16, 16), 654), ("resnet56", 56, {}, (16, 16), 654),
    ("resnet110", 110, {}, (16, 16), 654), ("resnet20-B", 20, {"is_projected": True}, (16, 16), 654),
    ("resnet20-odd", 20, {}, (33, 47), 654),
    ("resnet34", 34, {}, (8, 8), 19), ("resnet50", 50, {}, (16, 16), 654), ("resnet101", 101, {}, (16, 16), 654),
    ("resnet152", 152, {}, (16, 16), 654), ("resnet200", 200, {}, (8, 8), 3),
    ("resnet50-imagenet", 50, {"stem": "imagenet"}, (64, 48), 654),
    ("resnet18-imagenet-odd", 18, {"stem": "imagenet", "multiplier": 0.5}, (65, 47), 654),
]


def encoders():
    """One forward and backward pass of each, and an evaluation with the statistics that it leaves."""
    for name, depth, options, (height, width), number in ENCODERS:
        model = Model(Encoder(depth, **options)).double()
        set_values(model, lambda name, parameter: model_values(name, parameter, model.encoder.width))
        input = tensor(views(0, number, count=8, height=height, width=width))
        embeddings = model(input)
        loss = supervised_contrastive_loss(embeddings)
        loss.backward()
        gradients = {name: summarise(value.grad, digits=7) for name, value in model.named_parameters()}
        model.eval()
        with torch.no_grad():
            evaluated = model.encoder(input)
        write(f"encoder-{name}", {
            "depth": depth, "stem": options.get("stem", "cifar"), "isProjected": options.get("is_projected", False),
            "multiplier": options.get("multiplier", 1), "height": height, "width": width, "viewsNumber": number,
            "parameterCount": sum(value.numel() for value in model.encoder.parameters()),
            "loss": rounded(loss.item()), "embeddings": summarise(embeddings), "evaluation": summarise(evaluated),
            "gradients": gradients,
        })


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    convolutions()
    batch_normalization()
    small_layers()
    optimizers()
    resnet(20, ["heavyBall", "nesterov"], steps_taken=2)
    resnet(18, ["heavyBall"], steps_taken=1)
    encoders()
