#!/usr/bin/env python3
"""Writes Tests/CorruptionsTests/Fixtures: corrupted images, computed by NumPy, SciPy, Pillow and colorsys.

    python3 -m venv .venv && .venv/bin/pip install numpy scipy pillow
    .venv/bin/python scripts/make-corruption-fixtures.py

The definitions are those of Hendrycks and Dietterich 2019 with the parameters of their scripts; the random draws are those of
KeyedRandomness, which are computed here again. Inputs are not stored: both sides compute them (`image`). Of each result every n-th
sample is stored, as base64.
"""

import base64
import colorsys
import io
import json
import pathlib

import numpy as np
from PIL import Image
from scipy import ndimage, stats

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "CorruptionsTests" / "Fixtures"
PURPOSE = 18
NAMES = [
    "gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "snow", "frost",
    "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression"]


class Stream:
    """Philox4x32-10 in counter mode, key 0, counter (block, severity, image, corruption and purpose)."""

    def __init__(self, severity, number, name):
        self.counter = (severity, number, NAMES.index(name) << 8 | PURPOSE)
        self.block, self.words = 0, np.zeros(0, np.uint64)

    def more(self):
        mask = np.uint64(0xFFFFFFFF)
        n = 1 << 14
        x = [np.arange(self.block, self.block + n, dtype=np.uint64)] + [np.full(n, c, np.uint64) for c in self.counter]
        self.block += n
        key = [0, 0]
        for _ in range(10):
            first, second = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
            x = [(second >> np.uint64(32)) ^ x[1] ^ np.uint64(key[0]), second & mask,
                 (first >> np.uint64(32)) ^ x[3] ^ np.uint64(key[1]), first & mask]
            key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
        self.words = np.concatenate([self.words, np.stack(x, 1).ravel()])

    def take(self, count):
        while len(self.words) < count:
            self.more()
        taken, self.words = self.words[:count], self.words[count:]
        return taken

    def uniform(self, count, low=0.0, high=1.0):
        return low + (high - low) * (self.take(count).astype(np.float64) + 0.5) / 2.0**32

    def normal(self, count):
        pairs = self.uniform(2 * ((count + 1) // 2)).reshape(-1, 2)
        length, angle = np.sqrt(-2 * np.log(pairs[:, 0])), 2 * np.pi * pairs[:, 1]
        return np.stack([length * np.cos(angle), length * np.sin(angle)], 1).ravel()[:count]

    def integer(self, below):
        return int(self.take(1)[0]) * below >> 32


def image(side):
    """Slopes of color under a little noise."""
    index = np.arange(side * side * 3, dtype=np.uint64)
    noise = (index * np.uint64(2654435761) + np.uint64(12345)) % np.uint64(2**32) >> np.uint64(27)
    channel, column, row = index % 3, index // 3 % side, index // 3 // side
    slope = (column * (channel + 2) * 96 + row * (5 - channel) * 64) // side
    return ((slope + noise) % 256).astype(np.uint8).reshape(side, side, 3)


def levels(values):
    """To 8 bits, rounded down as by the scripts of the published files."""
    return np.uint8(np.clip(values, 0, 1) * 255)


def channels(function, x):
    return np.stack([function(x[..., c]) for c in range(3)], -1)


def gaussian(x, sigma, truncate, mode):
    return ndimage.gaussian_filter(x, sigma, mode=mode, truncate=truncate) if sigma > 0 else x


def zoomed(x, factor):
    side = x.shape[0]
    kept = int(np.ceil(side / factor))
    first = (side - kept) // 2
    large = ndimage.zoom(x[first:first + kept, first:first + kept], factor, order=1)
    trim = (large.shape[0] - side) // 2
    return large[trim:trim + side, trim:trim + side]


def line(radius, sigma, degrees):
    """The offsets (right, down) and weights of a motion."""
    place = np.arange(2 * radius + 1)
    weights = np.exp(-place**2 / (2 * sigma**2))
    angle = np.deg2rad(degrees)
    return np.ceil(place * np.cos(angle) - .5).astype(int), np.ceil(place * np.sin(angle) - .5).astype(int), weights / weights.sum()


def moved(x, right, down, weights):
    """The motion of a plane, as a correlation with a whole kernel."""
    reach = max(abs(right).max(), abs(down).max())
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for r, d, w in zip(right, down, weights):
        kernel[d + reach, r + reach] += w
    return ndimage.correlate(x, kernel, mode="nearest")


def gaussian_noise(x, c, s):
    return levels(x / 255 + c * s.normal(x.size).reshape(x.shape))


def shot_noise(x, c, s):
    u = s.uniform(x.size).reshape(x.shape)
    return levels(np.maximum(stats.poisson.ppf(u, np.maximum(x / 255 * c, 1e-300)), 0) / c)


def impulse_noise(x, c, s):
    u = s.uniform(x.size).reshape(x.shape)
    return np.where(u < c / 2, 0, np.where(u < c, 255, x)).astype(np.uint8)


def defocus_blur(x, c, s):
    radius, sigma = c
    reach, blur = (8, 1) if radius <= 8 else (radius, 2)
    place = np.arange(-reach, reach + 1)
    disk = ((place[:, None] ** 2 + place[None, :] ** 2) <= radius**2).astype(float)
    bell = np.exp(-np.arange(-blur, blur + 1) ** 2 / (2 * sigma**2))
    bell /= bell.sum()
    kernel = ndimage.correlate(disk / disk.sum(), np.outer(bell, bell), mode="mirror")
    return levels(channels(lambda plane: ndimage.correlate(plane, kernel, mode="mirror"), x / 255))


def glass_blur(x, c, s):
    sigma, d, passes = c
    blurred = lambda y: levels(channels(lambda plane: gaussian(plane, sigma, 4, "nearest"), y / 255))
    y = blurred(x)
    for _ in range(passes):
        for h in range(len(y) - d, d, -1):
            for w in range(len(y) - d, d, -1):
                dx, dy = s.integer(2 * d) - d, s.integer(2 * d) - d
                y[h, w] = y[h + dy, w + dx]
    return blurred(y)


def motion_blur(x, c, s):
    taps = line(*c, s.uniform(1, -45, 45)[0])
    return np.uint8(np.floor(channels(lambda plane: moved(plane.astype(float), *taps), x) + .5))


def zoom_blur(x, c, s):
    steps = np.arange(*c)
    x = x / 255
    return levels((x + sum(channels(lambda plane: zoomed(plane, f), x) for f in steps)) / (len(steps) + 1))


def snow(x, c, s):
    loc, scale, zoom, threshold, radius, sigma, kept = c
    flakes = zoomed((loc + scale * s.normal(x.shape[0] ** 2)).reshape(x.shape[:2]), zoom)
    flakes[flakes < threshold] = 0
    taps = line(radius, sigma, s.uniform(1, -135, -45)[0])
    flakes = np.floor(moved(levels(flakes).astype(float), *taps) + .5)[..., None] / 255
    x = x / 255
    gray = (x @ [.299, .587, .114])[..., None]
    x = kept * x + (1 - kept) * np.maximum(x, gray * 1.5 + .5)
    return levels(x + flakes + np.rot90(flakes, 2))


def fog(x, c, s):
    strength, decay = c
    side = 1 << (len(x) - 1).bit_length()
    m = np.zeros((side, side))
    step, w = side, 100.0
    noise = lambda shape: w * s.uniform(shape[0] * shape[1], -w, w).reshape(shape)
    while step >= 2:
        half = step // 2
        corners = m[::step, ::step]
        mean = (corners + np.roll(corners, -1, 0) + np.roll(corners, -1, 1) + np.roll(corners, (-1, -1), (0, 1))) / 4
        m[half::step, half::step] = mean + noise(mean.shape)
        centers = m[half::step, half::step].copy()
        mean = (centers + np.roll(centers, 1, 0) + corners + np.roll(corners, -1, 1)) / 4
        m[::step, half::step] = mean + noise(mean.shape)
        mean = (centers + np.roll(centers, 1, 1) + corners + np.roll(corners, -1, 0)) / 4
        m[half::step, ::step] = mean + noise(mean.shape)
        step, w = half, w / decay
    m = (m - m.min()) / (m.max() - m.min())
    x = x / 255
    return levels((x + strength * m[:len(x), :len(x), None]) * x.max() / (x.max() + strength))


def brightness(x, c, s):
    y = np.zeros(x.shape)
    for row in range(len(x)):
        for column in range(len(x)):
            h, saturation, v = colorsys.rgb_to_hsv(*(x[row, column] / 255))
            y[row, column] = colorsys.hsv_to_rgb(h, saturation, min(v + c, 1))
    # colorsys interpolates: a level that is met exactly may come out a rounding below it.
    return levels(y + 1e-12)


def contrast(x, c, s):
    x = x / 255
    mean = x.mean((0, 1), keepdims=True)
    return levels((x - mean) * c + mean)


def elastic_transform(x, c, s):
    amplitude, sigma, shift = c
    side = len(x)
    center, reach = side // 2, side // 3
    points = np.array([(center + reach, center + reach), (center + reach, center - reach), (center - reach, center - reach)], float)
    targets = points + s.uniform(6, -shift, shift).reshape(3, 2)
    matrix = np.linalg.solve(np.hstack([points, np.ones((3, 1))]), targets).T
    inverse = np.linalg.inv(matrix[:, :2])
    rows, columns = np.mgrid[:side, :side].astype(float)
    source = np.einsum("ij,jrc->irc", inverse, np.stack([columns, rows]) - matrix[:, 2, None, None])
    x = channels(lambda plane: ndimage.map_coordinates(plane, source[::-1], order=1, mode="mirror"), x / 255)
    right = gaussian(s.uniform(side * side, -1, 1).reshape(side, side), sigma, 3, "reflect") * amplitude
    down = gaussian(s.uniform(side * side, -1, 1).reshape(side, side), sigma, 3, "reflect") * amplitude
    return levels(channels(
        lambda plane: ndimage.map_coordinates(plane, [rows + down, columns + right], order=1, mode="reflect"), x))


def pixelate(x, c, s):
    side = len(x)
    small = Image.fromarray(x).resize((int(side * c), int(side * c)), Image.BOX)
    return np.array(small.resize((side, side), Image.BOX))


def jpeg_compression(x, c, s):
    file = io.BytesIO()
    Image.fromarray(x).save(file, "JPEG", quality=c)
    return np.array(Image.open(file))


# The parameters, by size and severity, as in make_cifar_c.py, make_tinyimagenet_c.py and make_imagenet_c.py.
ELASTIC = {
    32: [(32 * a, 32 * b, 32 * c) for a, b, c in [(0, 0, .08), (.05, .2, .07), (.08, .06, .06), (.1, .04, .05), (.1, .03, .03)]],
    64: [(64 * a, 64 * b, 64 * c) for a, b, c in [(0, 0, .08), (.05, .3, .06), (.1, .08, .06), (.1, .03, .03), (.16, .03, .02)]],
    224: [(244 * a, 244 * b, 244 * c) for a, b, c in [(2, .7, .1), (2, .08, .2), (.05, .01, .02), (.07, .01, .02), (.12, .01, .02)]]}
SMALL_ZOOM = [(1, end, .01) for end in (1.06, 1.11, 1.16, 1.21, 1.26)]
PARAMETERS = {
    "gaussian_noise": {32: [.04, .06, .08, .09, .10], 64: [.04, .08, .12, .15, .18], 224: [.08, .12, .18, .26, .38]},
    "shot_noise": {32: [500, 250, 100, 75, 50], 64: [250, 100, 50, 30, 15], 224: [60, 25, 12, 5, 3]},
    "impulse_noise": {32: [.01, .02, .03, .05, .07], 64: [.01, .02, .05, .08, .14], 224: [.03, .06, .09, .17, .27]},
    "defocus_blur": {
        32: [(.3, .4), (.4, .5), (.5, .6), (1, .2), (1.5, .1)], 64: [(.5, .6), (1, .1), (1.5, .1), (2.5, .01), (3, .1)],
        224: [(3, .1), (4, .5), (6, .5), (8, .5), (10, .5)]},
    "glass_blur": {
        32: [(.05, 1, 1), (.25, 1, 1), (.4, 1, 1), (.25, 1, 2), (.4, 1, 2)],
        64: [(.1, 1, 1), (.5, 1, 1), (.6, 1, 2), (.7, 2, 1), (.9, 2, 2)],
        224: [(.7, 1, 2), (.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)]},
    "motion_blur": {
        32: [(6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)], 64: [(10, 1), (10, 1.5), (10, 2), (10, 2.5), (12, 3)],
        224: [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)]},
    "zoom_blur": {
        32: SMALL_ZOOM, 64: SMALL_ZOOM, 224: [(1, 1.11, .01), (1, 1.16, .01), (1, 1.21, .02), (1, 1.26, .02), (1, 1.31, .03)]},
    "snow": {
        32: [(.1, .2, 1, .6, 8, 3, .95), (.1, .2, 1, .5, 10, 4, .9), (.15, .3, 1.75, .55, 10, 4, .9),
             (.25, .3, 2.25, .6, 12, 6, .85), (.3, .3, 1.25, .65, 14, 12, .8)],
        64: [(.1, .2, 1, .6, 8, 3, .8), (.1, .2, 1, .5, 10, 4, .8), (.15, .3, 1.75, .55, 10, 4, .7),
             (.25, .3, 2.25, .6, 12, 6, .65), (.3, .3, 1.25, .65, 14, 12, .6)],
        224: [(.1, .3, 3, .5, 10, 4, .8), (.2, .3, 2, .5, 12, 4, .7), (.55, .3, 4, .9, 12, 8, .7),
              (.55, .3, 4.5, .85, 12, 8, .65), (.55, .3, 2.5, .85, 12, 12, .55)]},
    "fog": {
        32: [(.2, 3), (.5, 3), (.75, 2.5), (1, 2), (1.5, 1.75)], 64: [(.4, 3), (.7, 3), (1, 2.5), (1.5, 2), (2, 1.75)],
        224: [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)]},
    "brightness": {32: [.05, .1, .15, .2, .3], 64: [.1, .2, .3, .4, .5], 224: [.1, .2, .3, .4, .5]},
    "contrast": {32: [.75, .5, .4, .3, .15], 64: [.4, .3, .2, .1, .05], 224: [.4, .3, .2, .1, .05]},
    "elastic_transform": ELASTIC,
    "pixelate": {32: [.95, .9, .85, .75, .65], 64: [.9, .8, .7, .6, .5], 224: [.6, .5, .4, .3, .25]},
    "jpeg_compression": {32: [80, 65, 58, 50, 40], 64: [65, 58, 50, 40, 25], 224: [25, 18, 15, 10, 7]},
}
# Every n-th sample is stored.
STEPS = {32: 7, 64: 31, 224: 353}

cases = []
for name, sides in PARAMETERS.items():
    for side, severities in sides.items():
        for severity in range(5) if side < 224 else [2, 4]:
            x = image(side)
            result = globals()[name](x, severities[severity], Stream(severity, side + severity, name))
            change = np.abs(result.astype(int) - x).mean()
            print(f"{name:18} {side:3} severity {severity}: mean change {change:5.1f}")
            cases.append({
                "corruption": name, "side": side, "severity": severity, "number": side + severity, "step": STEPS[side],
                "samples": base64.b64encode(result.ravel()[::STEPS[side]].tobytes()).decode()})
FOLDER.mkdir(parents=True, exist_ok=True)
(FOLDER / "corruptions.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
