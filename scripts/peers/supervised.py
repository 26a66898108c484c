#!/usr/bin/env python3
"""The recipe of `supcon supervised` in PyTorch: ResNet-20 (option A) on CIFAR-10 with cross-entropy.

    supcon supervised --dataset cifar10 --data cifar-10-batches-bin --epochs 10 --augmentation crop-flip --output runs/baseline
    scripts/peers/supervised.py --data cifar-10-batches-bin --epochs 10

Both: batches of 256 of a shuffled epoch, the last partial one left out; crop of the image padded by 4, flip; SGD with
momentum 0.9, weight decay 1e-4 on every parameter, peak learning rate 0.1 with one epoch's warm-up and cosine decay; Kaiming
fan-out. Here BatchNorm takes its statistics over the whole batch, there over shards of 32 samples; the random draws differ.
Prints `RESULT {"test_top1": …, "test_top5": …, "epoch_seconds": […]}`.
"""

import argparse
import json
import math
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

MEAN = (0.4914, 0.4822, 0.4465)
DEVIATION = (0.2023, 0.1994, 0.2010)


class Block(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.beside = (width - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.beside:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.beside, self.beside))
        return F.relu(x + y)


class ResNet20(nn.Module):
    """He and others 2015, section 4.2, with shortcuts of option A."""

    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        blocks, inputs = [], 16
        for width in (16, 32, 64):
            for index in range(3):
                blocks.append(Block(inputs, width, 2 if width > inputs and index == 0 else 1))
                inputs = width
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(64, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        return self.fc(self.blocks(F.relu(self.bn1(self.conv1(x)))).mean(dim=(2, 3)))


def read(folder, names):
    records = np.concatenate([np.fromfile(folder / name, np.uint8).reshape(-1, 3073) for name in names])
    return torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()), torch.from_numpy(records[:, 0].astype(np.int64))


def normalized(images):
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    return (images.float() / 255 - mean) / deviation


def augmented(images, generator):
    """A crop of each image padded by 4 black pixels, flipped or not."""
    count = len(images)
    padded = F.pad(images, (4, 4, 4, 4))
    tops, lefts = torch.randint(0, 9, (2, count), generator=generator)
    flips = torch.rand(count, generator=generator) < 0.5
    rows = tops[:, None] + torch.arange(32)
    columns = lefts[:, None] + torch.where(flips[:, None], 31 - torch.arange(32), torch.arange(32))
    samples = torch.arange(count)[:, None, None]
    # Indices beside the channels' slice put them last.
    return padded.permute(0, 2, 3, 1)[samples, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of CIFAR-10's binary version")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--steps", type=int, help="stop after so many; the schedule stays that of --epochs")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--label-smoothing", type=float, default=0)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)

    images, labels = read(options.data, [f"data_batch_{number}.bin" for number in range(1, 6)])
    test_pictures, test_labels = read(options.data, ["test_batch.bin"])
    model = ResNet20(10).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=options.learning_rate, momentum=0.9, weight_decay=1e-4)
    steps_per_epoch = len(labels) // options.batch_size
    all_steps = options.epochs * steps_per_epoch

    def logits(batch):
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bfloat16"):
            return model(normalized(batch).contiguous(memory_format=torch.channels_last)).float()

    step, epoch_seconds = 0, []
    last_step = min(options.steps or all_steps, all_steps)
    while step < last_step:
        start, losses = time.monotonic(), []
        order = torch.randperm(len(labels), generator=generator)
        for index in range(min(steps_per_epoch, last_step - step)):
            batch = order[index * options.batch_size:(index + 1) * options.batch_size]
            for group in optimizer.param_groups:
                warm_up = min(1, (step + 1) / steps_per_epoch)
                group["lr"] = options.learning_rate * warm_up * (1 + math.cos(math.pi * step / all_steps)) / 2
            optimizer.zero_grad()
            loss = F.cross_entropy(
                logits(augmented(images[batch], generator)), labels[batch], label_smoothing=options.label_smoothing)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            step += 1
        epoch_seconds.append(time.monotonic() - start)
        print(f"step {step}  mean loss {sum(losses) / len(losses):.4f}  {epoch_seconds[-1]:.1f} s", flush=True)

    model.eval()
    with torch.no_grad():
        scores = torch.cat([logits(batch) for batch in test_pictures.split(500)])
    best = scores.topk(5, dim=1).indices == test_labels[:, None]
    print("RESULT " + json.dumps({
        "test_top1": best[:, 0].float().mean().item(), "test_top5": best.any(dim=1).float().mean().item(),
        "epoch_seconds": epoch_seconds, "precision": options.precision, "steps": step,
        "parameters": sum(parameter.numel() for parameter in model.parameters())}))


main()
