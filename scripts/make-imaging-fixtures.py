#!/usr/bin/env python3
"""Writes the images that Tests/ImagingTests compares the augmentations with, computed by Pillow and numpy.

    python3 -m venv .venv && .venv/bin/pip install pillow==12.0.0 numpy
    .venv/bin/python scripts/make-imaging-fixtures.py

Inputs are not stored: both sides compute them from an integer hash of an index (`image`). A case is a text of an augmentation
whose parameters are all fixed, and what Pillow makes of the same with its own functions; results are stored as base64 of
[height, width, 3] bytes.
"""

import base64
import json
import math
import pathlib

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ImagingTests" / "Fixtures"
MASK = 0xFFFFFFFF


# Images that both sides compute


def hashes(count):
    """The 32-bit finaliser "lowbias32" over a Weyl sequence."""
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + 2166136261) & MASK
    x ^= x >> 16
    x = (x * 0x7FEB352D) & MASK
    x ^= x >> 15
    x = (x * 0x846CA68B) & MASK
    return x ^ (x >> 16)


def image(kind, width, height):
    """Noise, or slopes of color with a little noise that leave the darkest and the brightest levels out."""
    noise = (hashes(width * height * 3) & 255).astype(np.int64).reshape(height, width, 3)
    if kind == "noise":
        return Image.fromarray(noise.astype(np.uint8))
    y, x, c = np.indices((height, width, 3))
    levels = 24 + (3 * x + 4 * y + 50 * c * (c + 1)) % 180 + noise % 24
    return Image.fromarray(levels.astype(np.uint8))


# Cases: the text, and Pillow's own


def fill(level):
    return (level, level, level)


def about_centre(image, matrix, level):
    """Pillow's affine transform about the center."""
    a, b, c, d, e, f = matrix
    x, y = image.width / 2, image.height / 2
    moved = (a, b, c + x - a * x - b * y, d, e, f + y - d * x - e * y)
    return image.transform(image.size, Image.Transform.AFFINE, moved, Image.Resampling.NEAREST, fillcolor=fill(level))


def hue(image, turn):
    h, s, v = image.convert("HSV").split()
    shifted = np.asarray(h) + np.int32(turn * 255).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(shifted), s, v)).convert("RGB")


def solarize_add(image, addition):
    levels = np.asarray(image).astype(int)
    return Image.fromarray(np.where(levels < 128, np.clip(levels + addition, 0, 255), levels).astype(np.uint8))


def blur(image, sigma, side, padding):
    """A Gaussian kernel in float64 over the padded image, rounded once."""
    radius = side // 2
    x = np.arange(-radius, radius + 1)
    kernel = np.exp(-(x**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    levels = np.asarray(image).astype(float)
    margins = [(radius, radius), (radius, radius), (0, 0)]
    padded = np.pad(levels, margins, **padding)
    columns = sum(weight * padded[:, k : k + levels.shape[1]] for k, weight in enumerate(kernel))
    rows = sum(weight * columns[k : k + levels.shape[0]] for k, weight in enumerate(kernel))
    return Image.fromarray(np.clip(np.floor(rows + 0.5), 0, 255).astype(np.uint8))


def posterize(image, bits):
    return ImageOps.posterize(image, bits) if bits else Image.new("RGB", image.size)


def same_size_cases(image):
    cases = {
        "flip(probability=1)": ImageOps.mirror(image),
        "auto-contrast": ImageOps.autocontrast(image),
        "equalize": ImageOps.equalize(image),
        "invert": ImageOps.invert(image),
        "grayscale(probability=1)": image.convert("L").convert("RGB"),
    }
    for degrees in [0, -30, 7.5, 17, 90, 180]:
        # Pillow's own rotation takes a shortcut at right angles.
        r = math.radians(degrees)
        matrix = (math.cos(r), -math.sin(r), 0, math.sin(r), math.cos(r), 0)
        turned = about_centre(image, matrix, 128)
        cases[f"rotate(degrees={degrees}, fill=128)"] = turned
    cases["rotate(degrees=12)"] = image.rotate(12)
    for factor in [-0.3, 0.11, 0.25]:
        cases[f"shear-x(factor={factor})"] = about_centre(image, (1, factor, 0, 0, 1, 0), 0)
        cases[f"shear-y(factor={factor}, fill=77)"] = about_centre(image, (1, 0, 0, factor, 1, 0), 77)
    for share in [-0.4, 0.05, 0.31, 1]:
        cases[f"translate-x(share={share}, fill=9)"] = about_centre(image, (1, 0, -share * image.width, 0, 1, 0), 9)
        cases[f"translate-y(share={share})"] = about_centre(image, (1, 0, 0, 0, 1, -share * image.height), 0)
    for factor in [0, 0.1, 0.55, 1, 1.37, 1.9]:
        cases[f"brightness(factor={factor})"] = ImageEnhance.Brightness(image).enhance(factor)
        cases[f"contrast(factor={factor})"] = ImageEnhance.Contrast(image).enhance(factor)
        cases[f"color(factor={factor})"] = ImageEnhance.Color(image).enhance(factor)
        cases[f"sharpness(factor={factor})"] = ImageEnhance.Sharpness(image).enhance(factor)
    for bits in [0, 1, 4, 7, 8]:
        cases[f"posterize(bits={bits})"] = posterize(image, bits)
    for threshold in [0, 100.5, 128, 256]:
        cases[f"solarize(threshold={threshold})"] = ImageOps.solarize(image, threshold)
    for addition in [33, 110, -40]:
        cases[f"solarize-add(addition={addition})"] = solarize_add(image, addition)
    for turn in [-0.5, -0.1, 0, 0.07, 0.5]:
        cases[f"hue(turn={turn})"] = hue(image, turn)
    for sigma, side in [(0.1, 3), (0.8, 5), (2, 9)]:
        cases[f"blur(sigma={sigma}, side={side}, probability=1)"] = blur(image, sigma, side, {"mode": "reflect"})
    gray = {"mode": "constant", "constant_values": 127.5}
    cases["blur(sigma=1.3, side=7, edge=gray, probability=1)"] = blur(image, 1.3, 7, gray)
    return cases


def resized(image, size, filter):
    return image.resize(size, Image.Resampling.BICUBIC if filter == "bicubic" else Image.Resampling.BILINEAR)


def evaluated(image, size, scale=8 / 7, filter="bilinear"):
    """Resized to cover `scale` times the view, and cut to the center, as torchvision's Resize and CenterCrop."""
    width, height = round(scale * size[0]), round(scale * size[1])
    if image.width * height >= image.height * width:
        target = (max(image.width * height // image.height, width), height)
    else:
        target = (width, max(image.height * width // image.width, height))
    left, top = round((target[0] - size[0]) / 2), round((target[1] - size[1]) / 2)
    return resized(image, target, filter).crop((left, top, left + size[0], top + size[1]))


def cut(image, size, level):
    """The center, a frame of `level` around it where the image is smaller."""
    left, top = round((image.width - size[0]) / 2), round((image.height - size[1]) / 2)
    whole = Image.new("RGB", size, fill(level))
    whole.paste(image, (-left, -top))
    return whole


def resizing_cases(image, size):
    cases = {"none": evaluated(image, size), "flip(probability=1)": ImageOps.mirror(evaluated(image, size))}
    for filter in ["bilinear", "bicubic"]:
        cases[f"resize(aspect=stretch, filter={filter})"] = resized(image, size, filter)
        cases[f"resize(scale=1.25, filter={filter}) + center-crop"] = evaluated(image, size, 1.25, filter)
    cases["resize"] = evaluated(image, size, 1)
    cases["center-crop(fill=50)"] = cut(image, size, 50)
    cases["resize(aspect=stretch) + hue(turn=0.2)"] = hue(resized(image, size, "bilinear"), 0.2)
    cases["grayscale(probability=1) + resize(aspect=stretch)"] = resized(
        image.convert("L").convert("RGB"), size, "bilinear")
    return cases


def main():
    stored = []

    def store(kind, image, cases):
        for text, result in cases.items():
            stored.append({
                "augmentation": text, "image": kind, "width": image.width, "height": image.height,
                "viewWidth": result.width, "viewHeight": result.height,
                "levels": base64.b64encode(result.tobytes()).decode(),
            })

    # Small images for what changes no size; slopes for all, noise for one.
    store("slopes", image("slopes", 27, 19), same_size_cases(image("slopes", 27, 19)))
    colors = ("hue", "auto", "equalize", "contrast", "sharpness", "color", "rotate")
    square = image("noise", 16, 16)
    store("noise", square, {t: r for t, r in same_size_cases(square).items() if t.startswith(colors)})
    for width, height, size in [(47, 61, (32, 32)), (20, 13, (32, 32)), (100, 75, (33, 21)), (32, 45, (32, 32)), (2, 1, (9, 7))]:
        image = image("slopes", width, height)
        store("slopes", image, resizing_cases(image, size))
    image = image("noise", 61, 47)
    store("noise", image, resizing_cases(image, (24, 24)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "pillow.json", "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in stored) + "\n]\n")


main()
