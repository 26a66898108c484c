#!/usr/bin/env python3
"""Checks supcon export, import and embed against PyTorch and onnxruntime.

    scripts/check-exchange.py [--supcon .build/release/supcon] [--all]

Runs are made on noise, exported in every layout and as ONNX, loaded into models of plain torch.nn code with strict=True, and what
comes out is compared in float32; weights made by PyTorch are imported and compared the same way. Needs torch, numpy and safetensors;
without onnx and onnxruntime their part is left out, and said to be. --all takes every encoder.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import safetensors.torch
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as error:
    sys.exit(f"check-exchange: {error}; install torch, numpy and safetensors")
try:
    import onnx
    import onnxruntime
except ImportError as error:
    onnx = None
    print(f"without ONNX: {error}")

sys.path.append(str(pathlib.Path(__file__).parent / "pytorch"))
import cifar_resnet  # noqa: E402

TOLERANCE = 1e-4
MEAN, DEVIATION = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)
GROUPS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}


# MARK: Models


class Block(nn.Module):
    """Two 3×3 convolutions, or 1×1, 3×3, 1×1; `shortcut` is the name of a projected one, None for zero padding."""

    def __init__(self, inputs, width, stride, is_bottleneck, shortcut):
        super().__init__()
        self.outputs = width * (4 if is_bottleneck else 1)
        shapes = [(1, 1, width), (3, stride, width), (1, 1, self.outputs)] if is_bottleneck else [(3, stride, width), (3, 1, width)]
        self.count, self.stride, self.projection, channels = len(shapes), stride, None, inputs
        for place, (kernel, step, outputs) in enumerate(shapes, 1):
            setattr(self, f"conv{place}", nn.Conv2d(channels, outputs, kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{place}", nn.BatchNorm2d(outputs))
            channels = outputs
        self.padding = (self.outputs - inputs) // 2
        if shortcut and (stride > 1 or inputs != self.outputs):
            self.projection = shortcut
            setattr(self, shortcut, nn.Sequential(nn.Conv2d(inputs, self.outputs, 1, stride, bias=False), nn.BatchNorm2d(self.outputs)))

    def forward(self, x):
        y = x
        for place in range(1, self.count + 1):
            y = getattr(self, f"bn{place}")(getattr(self, f"conv{place}")(y))
            y = F.relu(y) if place < self.count else y
        if self.projection:
            x = getattr(self, self.projection)(x)
        elif self.padding or self.stride > 1:
            x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.padding, self.padding))
        return F.relu(x + y)


class Encoder(nn.Module):
    """A ResNet under the names that all three codes share."""

    def __init__(self, depth, stem="cifar", shortcut="shortcut"):
        super().__init__()
        counts = GROUPS.get(depth) or [(depth - 2) // 6] * 3
        widths = [64, 128, 256, 512] if depth in GROUPS else [16, 32, 64]
        kernel, stride = (7, 2) if stem == "imagenet" else (3, 1)
        self.conv1 = nn.Conv2d(3, widths[0], kernel, stride, kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.maxpool = nn.MaxPool2d(3, 2, 1) if stem == "imagenet" else nn.Identity()
        channels, self.groups = widths[0], len(counts)
        for group, (count, width) in enumerate(zip(counts, widths), 1):
            blocks = []
            for index in range(count):
                blocks.append(Block(channels, width, 2 if group > 1 and index == 0 else 1, depth in GROUPS and depth >= 50, shortcut))
                channels = blocks[-1].outputs
            setattr(self, f"layer{group}", nn.Sequential(*blocks))
        self.width = channels

    def representations(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        for group in range(1, self.groups + 1):
            x = getattr(self, f"layer{group}")(x)
        return x.mean((2, 3))


class TorchvisionModel(Encoder):
    def __init__(self, depth, stem="cifar", classes=None):
        super().__init__(depth, stem, "downsample")
        self.fc = nn.Linear(self.width, classes) if classes else nn.Identity()

    def forward(self, x):
        r = self.representations(x)
        return {"encoder": r, "logits": self.fc(r)}


class SupContrastModel(nn.Module):
    def __init__(self, depth, head="mlp", width=128):
        super().__init__()
        self.encoder = Encoder(depth)
        d = self.encoder.width
        self.head = nn.Linear(d, width) if head == "linear" else nn.Sequential(nn.Linear(d, d), nn.ReLU(), nn.Linear(d, width))

    def forward(self, x):
        r = self.encoder.representations(x)
        return {"encoder": r, "model": F.normalize(self.head(r), dim=1)}


class GEModel(Encoder):
    def __init__(self, depth, width=64, classes=None):
        super().__init__(depth, shortcut=None)
        self.contrastive_hidden_layer = nn.Linear(self.width, width)
        self.contrastive_output_layer = nn.Linear(width, width)
        self.linear = nn.Linear(self.width, classes) if classes else nn.Identity()

    def forward(self, x):
        r = F.normalize(self.representations(x), dim=1)
        z = F.normalize(self.contrastive_output_layer(F.relu(self.contrastive_hidden_layer(r))), dim=1)
        return {"encoder": r, "model": z, "logits": self.linear(r)}


# MARK: Checks


class Checks:
    def __init__(self, supcon, folder):
        self.supcon, self.folder, self.failures = supcon, pathlib.Path(folder), 0
        self.data = self.folder / "data"
        self.data.mkdir()
        random = np.random.default_rng(1)
        for name, count in [(f"data_batch_{n}.bin", 20) for n in range(1, 6)] + [("test_batch.bin", 24)]:
            records = random.integers(0, 256, (count, 3073), np.uint8)
            records[:, 0] %= 10
            records[:, 1:] = (records[:, 1:] // 2 + 12 * records[:, :1]).clip(0, 255)
            records.tofile(self.data / name)
        pixels = np.fromfile(self.data / "test_batch.bin", np.uint8).reshape(-1, 3073)[:, 1:].reshape(-1, 3, 32, 32)
        shape = (1, 3, 1, 1)
        images = (pixels.astype(np.float32) / 255 - np.array(MEAN, np.float32).reshape(shape)) / np.array(DEVIATION, np.float32).reshape(shape)
        self.images = torch.from_numpy(images)

    def run(self, *arguments):
        done = subprocess.run([self.supcon, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"check-exchange: {' '.join(map(str, arguments))}: exit {done.returncode}: {done.stdout}{done.stderr}")

    def report(self, what, difference, limit=TOLERANCE):
        # The negation also catches NaN.
        is_wrong = not difference <= limit
        self.failures += is_wrong
        print(f"{'WRONG' if is_wrong else 'ok':6}{what:72} {difference:.2e}", flush=True)

    def compare(self, what, found, expected):
        expected = np.asarray(expected)
        self.report(what, float(np.abs(np.asarray(found) - expected).max() / max(1, np.abs(expected).max())))

    def pretrain(self, name, *options, steps=3):
        self.run("pretrain", "--dataset", "cifar10", "--data", self.data, "--batch-size", 20, "--shard-size", 10, "--steps", steps,
                 "--epochs", steps, "--precision", "float32", "--output", self.folder / name, *options)

    def embed(self, run, part="encoder"):
        self.run("embed", "--run", self.folder / run, "--part", part, "--output", self.folder / "rows.npy")
        return np.load(self.folder / "rows.npy")

    def logits(self, run):
        """The linear stage's own way: standardized representations, then the classifier."""
        weights = safetensors.torch.load_file(self.folder / run / "linear/classifier.safetensors")
        r = torch.from_numpy(self.embed(run))
        standardized = (r - weights["standardization.mean"]) * weights["standardization.factor"]
        return F.linear(standardized, weights["fc.weight"], weights["fc.bias"]).numpy()

    def outputs(self, model):
        with torch.no_grad():
            return {name: value.numpy() for name, value in model.eval()(self.images).items()}

    def own(self, run, parts, classified):
        return {part: self.embed(run, part) for part in parts} | ({"logits": self.logits(run)} if classified else {})

    def layout(self, run, layout, model, parts, classified=False, steps=3):
        """Our export in their model, and its way back."""
        path = self.folder / f"{run}-{layout}.safetensors"
        self.run("export", "--run", self.folder / run, "--layout", layout, "--output", path)
        weights = safetensors.torch.load_file(path)
        model.load_state_dict(weights, strict=True)
        counters = {int(value) for name, value in weights.items() if name.endswith("num_batches_tracked")}
        self.report(f"{run} {layout}: counters of {steps} steps", float(counters != {steps}), 0)
        theirs = self.outputs(model)
        for name, rows in self.own(run, parts, classified).items():
            self.compare(f"{run} {layout}: {name}", rows, theirs[name])
        again = f"{run}-{layout}-again"
        self.import_(path, layout, run.split("-")[0], again)
        for part in parts:
            self.report(f"{run} {layout}: {part} after import", float(np.abs(self.embed(run, part) - self.embed(again, part)).max()), 0)

    def loaded(self, run, classified):
        """The model of scripts/pytorch/cifar_resnet.py, which reads what it needs to know from the file."""
        path = self.folder / f"{run}-loaded.safetensors"
        self.run("export", "--run", self.folder / run, "--layout", "ge", "--part", "encoder", "--output", path)
        model = cifar_resnet.load(path)
        self.report(f"{run} cifar_resnet.load: mean of the data", float(np.abs(model.mean.flatten().numpy() - MEAN).max()), 1e-6)
        with torch.no_grad():
            self.compare(f"{run} cifar_resnet.load: encoder", self.embed(run), model(self.images).numpy())
            if classified:
                self.compare(f"{run} cifar_resnet.load: logits", self.logits(run), model.classify(self.images).numpy())

    def import_(self, path, layout, model, run):
        self.run("import", "--weights", path, "--layout", layout, "--model", model, "--dataset", "cifar10", "--data", self.data,
                 "--output", self.folder / run)

    def theirs(self, name, layout, model, parts):
        """Weights that PyTorch made, here."""
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.running_mean, -0.2, 0.2)
                nn.init.uniform_(module.running_var, 0.5, 1.5)
                nn.init.uniform_(module.weight, 0.5, 1.2)
                nn.init.uniform_(module.bias, -0.3, 0.3)
        path = self.folder / f"{name}-{layout}-made.safetensors"
        safetensors.torch.save_file(model.state_dict(), path)
        self.import_(path, layout, name, f"{name}-{layout}-made")
        theirs = self.outputs(model)
        for part in parts:
            self.compare(f"{name} {layout}, made by PyTorch: {part}", self.embed(f"{name}-{layout}-made", part), theirs[part])

    def onnx(self, run, classified=False):
        if onnx is None:
            return
        path = self.folder / f"{run}.onnx"
        self.run("export", "--run", self.folder / run, "--format", "onnx", "--part", "model", "--output", path)
        onnx.checker.check_model(str(path), full_check=True)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        values = session.run(None, {"images": self.images.numpy()})
        found = dict(zip([output.name for output in session.get_outputs()], values))
        renamed = {"encoder": "representations", "model": "embeddings", "logits": "logits"}
        for name, rows in self.own(run, ["encoder", "model"], classified).items():
            self.compare(f"{run} onnxruntime: {renamed[name]}", found[renamed[name]], rows)
        one = session.run(["representations"], {"images": self.images.numpy()[:1]})[0]
        self.compare(f"{run} onnxruntime: a batch of one", one, found["representations"][:1])
        self.onnx_inputs(run, path, session)

    def onnx_inputs(self, run, path, session):
        """The model that normalizes levels or their 255th part itself, beside the one that takes normalized images."""
        levels = np.random.default_rng(3).integers(0, 256, (5, 3, 32, 32)).astype(np.float32)
        metadata = {entry.key: entry.value for entry in onnx.load(str(path)).metadata_props}
        mean, deviation = (np.array(metadata[key].split(","), np.float32).reshape(3, 1, 1) for key in ("mean", "std"))
        expected = session.run(["representations"], {"images": (levels / 255 - mean) / deviation})[0]
        for values, images in [("unit", levels / 255), ("levels", levels)]:
            own = self.folder / f"{run}-{values}.onnx"
            self.run("export", "--run", self.folder / run, "--format", "onnx", "--onnx-input", values, "--output", own)
            onnx.checker.check_model(str(own), full_check=True)
            found = onnxruntime.InferenceSession(str(own), providers=["CPUExecutionProvider"]).run(
                ["representations"], {"images": images})[0]
            self.compare(f"{run} onnxruntime: --onnx-input {values}", found, expected)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--supcon", default=".build/release/supcon")
    parser.add_argument("--all", action="store_true", help="every encoder")
    arguments = parser.parse_args()
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as folder:
        checks = Checks(arguments.supcon, folder)
        small, large = [20], [18, 50]
        if arguments.all:
            small, large = [20, 32, 44, 56, 110, 1202], list(GROUPS)
        linear = ("linear", "--batch-size", 20, "--shard-size", 10, "--epochs", 2)
        for depth in small:
            run = f"resnet{depth}"
            checks.pretrain(run, "--model", run, "--normalize-encoder", "--embedding-width", 64)
            checks.run(*linear, "--run", checks.folder / run)
            checks.layout(run, "ge", GEModel(depth, classes=10), ["encoder", "model"], classified=True)
            checks.loaded(run, classified=True)
            checks.onnx(run, classified=True)
        checks.pretrain("resnet20-unscaled", "--model", "resnet20")
        checks.loaded("resnet20-unscaled", classified=False)
        for depth in large:
            for stem in ["cifar", "imagenet"]:
                run = f"resnet{depth}-{stem}"
                # Three steps move running variances a quarter of the way: the largest maps of 150 layers then overflow a sum of squares.
                steps, head = (3, "mlp") if stem == "cifar" else (30, "linear")
                checks.pretrain(run, "--model", f"resnet{depth}", "--stem", stem, "--head", head, steps=steps)
                checks.run(*linear, "--run", checks.folder / run)
                checks.layout(run, "torchvision", TorchvisionModel(depth, stem, classes=10), ["encoder"], classified=True, steps=steps)
                if stem == "cifar":
                    checks.layout(run, "supcontrast", SupContrastModel(depth), ["encoder", "model"])
                checks.onnx(run, classified=True)
        checks.pretrain("resnet18-linear", "--model", "resnet18", "--head", "linear", "--embedding-width", 32)
        checks.layout("resnet18-linear", "supcontrast", SupContrastModel(18, "linear", 32), ["encoder", "model"])
        checks.pretrain("resnet20-odd", "--width-multiplier", 2, "--shortcut", "B", "--head-widths", "48,32,128", "--head-batch-norm",
                        "--normalize-encoder")
        checks.onnx("resnet20-odd")
        checks.pretrain("resnet20-none", "--head", "none", "--stem", "imagenet")
        checks.onnx("resnet20-none")
        checks.theirs("resnet32", "ge", GEModel(32, 48, 10), ["encoder", "model"])
        checks.theirs("resnet34", "torchvision", TorchvisionModel(34, "imagenet", 1000), ["encoder"])
        checks.theirs("resnet50", "torchvision", TorchvisionModel(50), ["encoder"])
        checks.theirs("resnet34", "supcontrast", SupContrastModel(34), ["encoder", "model"])
    sys.exit(f"check-exchange: {checks.failures} wrong" if checks.failures else 0)


main()
