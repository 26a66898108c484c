#!/usr/bin/env python3
"""The step of `supcon pretrain` in PyTorch on CPUs, with settings in PyTorch's favor: the peer of scripts/compare-pytorch.sh.

    scripts/peers/pytorch_supcon.py bench --data cifar-10-batches-bin --model resnet50 --precision bf16 --threads 2
    torchrun --nproc_per_node=2 scripts/peers/pytorch_supcon.py bench --data cifar-10-batches-bin --threads 1
    scripts/peers/pytorch_supcon.py train --data cifar-10-batches-bin --epochs 10

The first form is one process whose operations use all threads, the second one process a core, with gradients averaged by
DistributedDataParallel over gloo and embeddings gathered for the loss over the global batch. Both compute what
supcon computes by default: two views with the augmentation `crop-flip-jitter`, encoder, MLP head, the loss L_out of Khosla and others
2020 at temperature 0.1, SGD with momentum 0.9 and weight decay 1e-4. In PyTorch's favor: channels last, autocast to bfloat16,
augmentation of whole batches, no log. BatchNorm takes its statistics over the views of a process, where supcon takes them over a shard.
Scaling views up to --size happens once for a whole batch, after the augmentation at 32×32.

Prints `RESULT {…}`: `bench` views_per_second and peak_rss_bytes of one process, `train` the linear probe's linear_top1.
"""

import argparse
import json
import math
import os
import pathlib
import resource
import statistics
import time

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn

MEAN = torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)
DEVIATION = torch.tensor([0.2023, 0.1994, 0.2010]).view(3, 1, 1)
LUMA = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)

# Widths and depths of the groups; the shortcut where shapes change; the factor between a block's width and its output.
ARCHITECTURES = {
    "resnet20": dict(widths=(16, 32, 64), depths=(3, 3, 3), projects=False, expansion=1),
    "resnet18": dict(widths=(64, 128, 256, 512), depths=(2, 2, 2, 2), projects=True, expansion=1),
    "resnet50": dict(widths=(64, 128, 256, 512), depths=(3, 4, 6, 3), projects=True, expansion=4),
}
# Above this size of views the stem is ImageNet's.
LARGEST_SMALL_VIEW = 64


# MARK: - Network


def unit(inputs, outputs, kernel, stride=1):
    """A convolution and its normalization."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class ZeroPadding(nn.Module):
    """The shortcut without parameters: every second pixel, further channels of zeros on both sides (option A of He and others 2015)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.before = (outputs - inputs) // 2
        self.after = outputs - inputs - self.before

    def forward(self, maps):
        return F.pad(maps[:, :, ::2, ::2], (0, 0, 0, 0, self.before, self.after))


class Residual(nn.Module):
    def __init__(self, inputs, width, stride, projects, expansion):
        super().__init__()
        outputs = width * expansion
        if expansion == 1:
            units = [unit(inputs, width, 3, stride), unit(width, width, 3)]
        else:
            units = [unit(inputs, width, 1), unit(width, width, 3, stride), unit(width, outputs, 1)]
        self.hidden, self.last = nn.ModuleList(units[:-1]), units[-1]
        if stride == 1 and inputs == outputs:
            self.shortcut = nn.Identity()
        elif projects:
            self.shortcut = unit(inputs, outputs, 1, stride)
        else:
            self.shortcut = ZeroPadding(inputs, outputs)

    def forward(self, maps):
        branch = maps
        for layer in self.hidden:
            branch = F.relu(layer(branch))
        return F.relu(self.last(branch) + self.shortcut(maps))


class Encoder(nn.Module):
    def __init__(self, widths, depths, projects, expansion, size):
        super().__init__()
        if size <= LARGEST_SMALL_VIEW:
            stem = [unit(3, widths[0], 3), nn.ReLU()]
        else:
            stem = [unit(3, widths[0], 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        blocks, inputs = [], widths[0]
        for group, (width, depth) in enumerate(zip(widths, depths)):
            for place in range(depth):
                blocks.append(Residual(inputs, width, 2 if group > 0 and place == 0 else 1, projects, expansion))
                inputs = width * expansion
        self.layers, self.width = nn.Sequential(*stem, *blocks), inputs
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, views):
        return self.layers(views).mean(dim=(2, 3))


class Embedder(nn.Module):
    """Encoder and projection head."""

    def __init__(self, model, size):
        super().__init__()
        self.encoder = Encoder(**ARCHITECTURES[model], size=size)
        width = self.encoder.width
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 128))

    def forward(self, views):
        return self.head(self.encoder(views))


# MARK: - Loss


class GatherRows(torch.autograd.Function):
    """The rows of all processes; backward, the sum over the processes of their gradients of this process's rows."""

    @staticmethod
    def forward(context, rows):
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        context.count = len(rows)
        return torch.cat(parts)

    @staticmethod
    def backward(context, gradient):
        total = gradient.contiguous()
        dist.all_reduce(total)
        first = dist.get_rank() * context.count
        return total[first:first + context.count]


def supervised_contrastive_loss(embeddings, labels, temperature):
    """Mean over the anchors i of log Σ_{a≠i} exp(z_i·z_a/τ) − mean over the positives p of z_i·z_p/τ; rows of unit length.

    Every anchor has a positive, the other view of its sample."""
    logits = embeddings @ embeddings.T / temperature
    logits.fill_diagonal_(-math.inf)
    log_sums = torch.logsumexp(logits, dim=1)
    positives = labels.unsqueeze(0) == labels.unsqueeze(1)
    positives.fill_diagonal_(False)
    similarities = torch.where(positives, logits, torch.zeros(())).sum(dim=1) / positives.sum(dim=1)
    return (log_sums - similarities).mean()


# MARK: - Data


def read(folder, names):
    records = np.concatenate([np.fromfile(folder / name, np.uint8).reshape(-1, 3073) for name in names])
    return torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()), torch.from_numpy(records[:, 0].astype(np.int64))


def normalized(images):
    return (images - MEAN) / DEVIATION


def blended(images, others, factors):
    return (others + factors * (images - others)).clamp_(0, 1)


def crop_flip_jitter(images):
    """A view of each image: crop of the image padded by 4, flip; in four of five brightness, contrast, saturation; one of five gray."""
    count = len(images)
    padded = F.pad(images.float() / 255, (4, 4, 4, 4))
    window = torch.arange(32)
    rows = torch.randint(9, (count, 1)) + window
    columns = torch.randint(9, (count, 1)) + window
    is_flipped = torch.rand(count, 1) < 0.5
    columns = torch.where(is_flipped, columns.flip(1), columns)
    views = padded.permute(0, 2, 3, 1)[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
    views = views.permute(0, 3, 1, 2)
    is_jittered = torch.rand(count, 1, 1, 1) < 0.8

    def factors():
        return torch.where(is_jittered, torch.empty(count, 1, 1, 1).uniform_(0.6, 1.4), torch.ones(()))

    def gray(views):
        return (views * LUMA).sum(dim=1, keepdim=True)

    views = (views * factors()).clamp_(0, 1)
    views = blended(views, gray(views).mean(dim=(2, 3), keepdim=True), factors())
    views = blended(views, gray(views), factors())
    return normalized(torch.where(torch.rand(count, 1, 1, 1) < 0.2, gray(views), views))


# MARK: - Training


class Trainer:
    def __init__(self, options):
        self.options = options
        self.ranks = int(os.environ.get("WORLD_SIZE", 1))
        if self.ranks > 1:
            dist.init_process_group("gloo")
        self.rank = dist.get_rank() if self.ranks > 1 else 0
        if options.batch % self.ranks:
            raise SystemExit(f"--batch {options.batch}: expected a multiple of the {self.ranks} processes")
        torch.set_num_threads(options.threads)
        torch.manual_seed(0)
        self.model = Embedder(options.model, options.size).to(memory_format=torch.channels_last)
        self.network = nn.parallel.DistributedDataParallel(self.model) if self.ranks > 1 else self.model
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), lr=options.lr, momentum=0.9, weight_decay=1e-4)
        self.images, self.labels = read(options.data, [f"data_batch_{index}.bin" for index in range(1, 6)])
        # Draws of the data differ from process to process, initial weights do not.
        torch.manual_seed(1 + self.rank)

    @property
    def samples_per_rank(self):
        return self.options.batch // self.ranks

    def autocast(self):
        return torch.autocast("cpu", torch.bfloat16, enabled=self.options.precision == "bf16")

    def views(self, images):
        if self.options.no_augmentation:
            views = normalized(images.float() / 255).repeat(2, 1, 1, 1)
        else:
            views = torch.cat([crop_flip_jitter(images), crop_flip_jitter(images)])
        if self.options.size != 32:
            views = F.interpolate(views, size=(self.options.size, self.options.size))
        return views.contiguous(memory_format=torch.channels_last)

    def step(self, samples, learning_rate):
        """One step on this process's samples; returns the loss over all processes."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        views, labels = self.views(self.images[samples]), self.labels[samples].repeat(2)
        with self.autocast():
            embeddings = self.network(views)
        embeddings = F.normalize(embeddings.float(), dim=1)
        if self.ranks > 1:
            gathered = [torch.empty_like(labels) for _ in range(self.ranks)]
            dist.all_gather(gathered, labels)
            # DistributedDataParallel divides by the processes; GatherRows has summed over them.
            embeddings, labels = GatherRows.apply(embeddings), torch.cat(gathered)
        loss = supervised_contrastive_loss(embeddings, labels, self.options.temperature)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def result(self, **fields):
        if self.rank == 0:
            common = dict(peer=f"pytorch {torch.__version__}", model=self.options.model, size=self.options.size,
                          precision=self.options.precision, batch=self.options.batch)
            print("RESULT", json.dumps(common | fields), flush=True)


def bench(trainer):
    warm_up, seconds = 3, []
    for _ in range(warm_up + trainer.options.steps):
        start = time.perf_counter()
        trainer.step(torch.randint(len(trainer.images), (trainer.samples_per_rank,)), trainer.options.lr)
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds[warm_up:])
    trainer.result(
        ranks=trainer.ranks, threads=trainer.options.threads, step_seconds=median,
        views_per_second=2 * trainer.options.batch / median,
        peak_rss_bytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def train(trainer):
    options, count = trainer.options, trainer.samples_per_rank
    steps_per_epoch = len(trainer.images) // options.batch
    steps = options.epochs * steps_per_epoch
    for epoch in range(options.epochs):
        start, losses = time.perf_counter(), []
        order = torch.randperm(len(trainer.images), generator=torch.Generator().manual_seed(epoch))
        for index in range(steps_per_epoch):
            step = epoch * steps_per_epoch + index
            rate = options.lr * min(1, (step + 1) / steps_per_epoch) * (1 + math.cos(math.pi * step / steps)) / 2
            first = index * options.batch + trainer.rank * count
            losses.append(trainer.step(order[first:first + count], rate))
        if trainer.rank == 0:
            print(f"epoch {epoch + 1} of {options.epochs}: loss {statistics.mean(losses):.4f}, "
                  f"{time.perf_counter() - start:.0f} s", flush=True)
    if trainer.rank == 0:
        trainer.result(epochs=options.epochs, linear_top1=linear_top1(trainer))


def linear_top1(trainer):
    """Test accuracy of the linear classifier of `supcon linear`, on standardized representations."""
    trainer.model.eval()

    @torch.no_grad()
    def representations(images):
        parts = []
        for part in images.split(1000):
            with trainer.autocast():
                views = normalized(part.float() / 255).contiguous(memory_format=torch.channels_last)
                parts.append(trainer.model.encoder(views).float())
        return torch.cat(parts)

    features, labels = representations(trainer.images), trainer.labels
    test_images, test_labels = read(trainer.options.data, ["test_batch.bin"])
    test_features = representations(test_images)
    deviation, mean = torch.std_mean(features, dim=0)
    features, test_features = ((part - mean) / (deviation + 1e-6) for part in (features, test_features))
    probe, epochs = nn.Linear(features.shape[1], 10), 20
    optimizer = torch.optim.SGD(probe.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        for rows in torch.randperm(len(features)).split(256):
            optimizer.zero_grad()
            F.cross_entropy(probe(features[rows]), labels[rows]).backward()
            optimizer.step()
        schedule.step()
    return (probe(test_features).argmax(dim=1) == test_labels).float().mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["bench", "train"])
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of CIFAR-10's binary version")
    parser.add_argument("--model", default="resnet20", choices=sorted(ARCHITECTURES))
    parser.add_argument("--size", type=int, default=32, help="bench: size of the views")
    parser.add_argument("--batch", type=int, default=256, help="samples of all processes, two views each")
    parser.add_argument("--precision", default="bf16", choices=["bf16", "fp32"])
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each process")
    parser.add_argument("--steps", type=int, default=12, help="bench: steps that are timed")
    parser.add_argument("--no-augmentation", action="store_true", help="bench: images as they are, to time the network alone")
    parser.add_argument("--epochs", type=int, default=10, help="train")
    parser.add_argument("--lr", type=float, default=0.1, help="peak learning rate")
    parser.add_argument("--temperature", type=float, default=0.1)
    options = parser.parse_args()
    trainer = Trainer(options)
    {"bench": bench, "train": train}[options.job](trainer)
    if trainer.ranks > 1:
        dist.barrier()
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
