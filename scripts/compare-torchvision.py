#!/usr/bin/env python3
"""Measures torchvision's presets on Pillow images, for scripts/compare-torchvision.sh.

    compare-torchvision.py make FILE [DATA]                  writes 64 images of 32×32 as [64, 32, 32, 3] bytes
    compare-torchvision.py make-jpeg FOLDER                  writes 16 JPEG files of 500×375
    compare-torchvision.py check                             says what is missing
    compare-torchvision.py PRESET FILE WIDTH HEIGHT SIDE SECONDS  prints views per second of its processor time; where FILE is a
                                                             folder of JPEG files, each is decoded for each view
"""

import io
import pathlib
import sys
import time


def fail(message):
    print(f"compare-torchvision: {message}", file=sys.stderr)
    sys.exit(69)


def import_torchvision():
    try:
        import torch
    except ImportError as error:
        fail(f"{error}; give --python with torch==2.13.0, numpy and pillow installed")
    try:
        from torchvision import transforms
    except ImportError as error:
        fail(f"{error}; install it beside torch: pip install --no-deps torchvision==0.28.0")
    except RuntimeError as error:
        # A torch without torchvision's compiled operators refuses the parts that the transforms never use.
        fail(f"{error}; in a copy of torchvision leave out what needs compiled operators: its __init__.py must import nothing "
             "but .extension and transforms; give the folder that holds the copy in PYTHONPATH")
    torch.set_num_threads(1)
    return transforms


def make(path, data):
    """The first training images of CIFAR-10, or slopes of color with noise."""
    import numpy as np
    if data:
        records = np.fromfile(f"{data}/data_batch_1.bin", np.uint8, 64 * 3073).reshape(64, 3073)[:, 1:]
        images = records.reshape(64, 3, 32, 32).transpose(0, 2, 3, 1)
    else:
        n, y, x, c = np.indices((64, 32, 32, 3))
        noise = np.random.default_rng(1).integers(0, 24, n.shape)
        images = (20 + (3 * x + (4 + n % 5) * y + 50 * c + 7 * n) % 180 + noise).astype(np.uint8)
    np.ascontiguousarray(images).tofile(path)


def make_jpeg(folder):
    """Blotches of several sizes, with the detail and the file size (about 60 kB) of photographs."""
    import numpy as np
    from PIL import Image
    pathlib.Path(folder).mkdir()
    source = np.random.default_rng(1)
    for number in range(16):
        image = np.zeros((375, 500, 3))
        for side, weight in ((4, 90), (16, 50), (64, 25), (200, 12)):
            blotches = source.integers(0, 256, (side * 3 // 4, side, 3)).astype(np.uint8)
            resized = Image.fromarray(blotches).resize((500, 375), Image.Resampling.BICUBIC)
            image += weight * (np.asarray(resized, np.float64) / 127.5 - 1)
        Image.fromarray(np.clip(image + 128, 0, 255).astype(np.uint8)).save(f"{folder}/{number:02}.jpg", quality=90)


def preset(name, T, side):
    end = [T.ToTensor(), T.Normalize((0.49, 0.48, 0.45), (0.2, 0.2, 0.2))]
    if name == "supcontrast":
        jitter = T.RandomApply([T.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8)
        steps = [T.RandomResizedCrop(side, (0.2, 1.0)), T.RandomHorizontalFlip(), jitter, T.RandomGrayscale(0.2)]
    elif name == "autoaugment-cifar10":
        steps = [T.RandomCrop(side, 4), T.RandomHorizontalFlip(), T.AutoAugment(T.AutoAugmentPolicy.CIFAR10)]
    elif name == "resized-crop":
        steps = [T.RandomResizedCrop(side)]
    elif name == "randaugment":
        steps = [T.RandomResizedCrop(side, (0.2, 1.0)), T.RandomHorizontalFlip(), T.RandAugment(2, 10)]
    elif name == "crop-flip":
        steps = [T.RandomCrop(side, 4), T.RandomHorizontalFlip()]
    else:
        fail(f"no preset {name} of torchvision here")
    return T.Compose(steps + end)


def main():
    arguments = sys.argv[1:]
    if arguments[0] == "check":
        import_torchvision()
    elif arguments[0] == "make":
        make(arguments[1], arguments[2] if len(arguments) > 2 else None)
    elif arguments[0] == "make-jpeg":
        make_jpeg(arguments[1])
    else:
        name, path, width, height, side, seconds = arguments
        T = import_torchvision()
        import numpy as np
        from PIL import Image
        transform = preset(name, T, int(side))
        if pathlib.Path(path).is_dir():
            images = [file.read_bytes() for file in sorted(pathlib.Path(path).iterdir())]
            view = transform
            transform = lambda data: view(Image.open(io.BytesIO(data)).convert("RGB"))
        else:
            levels = np.fromfile(path, np.uint8).reshape(-1, int(height), int(width), 3)
            images = [Image.fromarray(image) for image in levels]
        for image in images:
            transform(image)
        made, start = 0, time.process_time()
        while time.process_time() - start < float(seconds):
            for image in images:
                transform(image)
            made += len(images)
        print(int(made / (time.process_time() - start)))


main()
