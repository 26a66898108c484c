#!/usr/bin/env python3
"""Writes the images that Tests/ImagingTests decodes, and beside each, as PPM, what Pillow makes of it.

    python3 -m venv .venv && .venv/bin/pip install pillow==13.0.0 numpy
    .venv/bin/python scripts/make-image-fixtures.py

The expected numbers are Pillow's `exif_transpose(image).convert("RGB")`. PNG files of every color type, depth and way of
storing are written here by hand, because Pillow writes only some of them.
"""

import io
import pathlib
import struct
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ImagingTests" / "Fixtures"
warnings.filterwarnings("ignore", message="Palette images with Transparency")


def write(name, data):
    (FOLDER / name).write_bytes(data)
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    (FOLDER / (name + ".ppm")).write_bytes(b"P6\n%d %d\n255\n" % image.size + image.tobytes())


def image(width, height, seed=0):
    """Slopes, an edge and a little noise, so that every coefficient is used but files stay small."""
    y, x = np.mgrid[0:height, 0:width]
    random = np.random.RandomState(seed)
    planes = [x * 255 / width, y * 255 / height, 255 * ((x - width / 2) ** 2 + (y - height / 3) ** 2 < width * height / 9)]
    return np.clip(np.stack(planes, axis=2) + random.normal(0, 9, (height, width, 3)), 0, 255).astype(np.uint8)


# JPEG


def jpeg(image, **options):
    output = io.BytesIO()
    image.save(output, "JPEG", **options)
    return output.getvalue()


def ycck(data):
    """Adobe's marker says that the four components are inks as luminance and color differences."""
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
    place = data.index(b"\xff\xee\x00\x0eAdobe")
    return data[:place] + adobe + b"\x02" + data[place + 16 :]


def resampled(data, factors):
    """Other sampling factors with as many blocks: another image, but a whole one."""
    place = data.index(b"\xff\xc0") + 11
    return data[:place] + bytes([factors]) + data[place + 1 :]


def orientation(value, order="<"):
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 274, 3, 1, value, 0, 0)


def exif_segment(payload):
    return b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload


def jpegs():
    image = Image.fromarray(image(37, 27))
    for name, sampling in [("444", 0), ("422", 1), ("420", 2)]:
        write(f"baseline-{name}.jpg", jpeg(image, quality=85, subsampling=sampling))
        write(f"progressive-{name}.jpg", jpeg(image, quality=60, subsampling=sampling, progressive=True))
    square = Image.fromarray(image(32, 32))
    write("sampling-440.jpg", resampled(jpeg(square, quality=85, subsampling=1), 0x12))
    write("sampling-411.jpg", resampled(jpeg(square, quality=85, subsampling=2), 0x41))
    write("restarts.jpg", jpeg(image, quality=85, restart_marker_blocks=2))
    write("rgb.jpg", jpeg(image, quality=85, keep_rgb=True))
    write("grey.jpg", jpeg(image.convert("L"), quality=85))
    write("grey-progressive.jpg", jpeg(image.convert("L"), quality=85, progressive=True))
    inks = Image.fromarray(np.dstack([image(37, 27), image(37, 27, 1)[:, :, 2]]), "CMYK")
    write("cmyk.jpg", jpeg(inks, quality=85))
    write("ycck.jpg", ycck(jpeg(inks, quality=85)))
    write("pixel.jpg", jpeg(image.crop((0, 0, 1, 1)), quality=85))
    write("large.jpg", jpeg(Image.fromarray(image(64, 48)), quality=70))
    small = Image.fromarray(image(19, 12))
    for value in range(1, 9):
        order = "<" if value % 2 else ">"
        write(f"orientation-{value}.jpg", jpeg(small, quality=85, exif=b"Exif\0\0" + orientation(value, order)))
    plain = jpeg(small, quality=85)
    packet = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    write("orientation-xmp.jpg", plain[:2] + exif_segment(packet) + plain[2:])
    write("orientation-unknown.jpg", jpeg(small, quality=85, exif=b"Exif\0\0" + orientation(9)))
    write("extraneous-bytes.jpg", plain[:-2] + b"\x12\x34\x56" + plain[-2:])
    write("bytes-behind-end.jpg", plain + bytes(range(64)))


# PNG

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(samples, depth):
    """The bytes of one row."""
    if depth == 16:
        return samples.astype(">u2").tobytes()
    if depth == 8:
        return samples.astype(np.uint8).tobytes()
    bits = np.zeros((len(samples), depth), np.uint8)
    for bit in range(depth):
        bits[:, bit] = samples >> (depth - 1 - bit) & 1
    return np.packbits(bits.ravel()).tobytes()


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filtered(rows, step):
    """Each row by another of the five filters."""
    output, before = b"", None
    for number, row in enumerate(rows):
        before = before if before is not None else bytes(len(row))
        kind = number % 5
        line = bytearray([kind])
        for i, x in enumerate(row):
            a = row[i - step] if i >= step else 0
            c = before[i - step] if i >= step else 0
            b = before[i]
            line.append((x - [0, a, b, (a + b) // 2, paeth(a, b, c)][kind]) & 255)
        output += bytes(line)
        before = row
    return output


def png(samples, depth, kind, extra=b"", interlaced=False, behind=b"", pieces=1):
    height, width = samples.shape[:2]
    samples = samples.reshape(height, width, CHANNELS[kind])
    step = max(1, CHANNELS[kind] * depth // 8)
    data = b""
    for x, y, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        if part.size:
            data += filtered([packed(row.ravel(), depth) for row in part], step)
    data = zlib.compress(data)
    cut = -(-len(data) // pieces)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
        + b"".join(chunk(b"IDAT", data[i : i + cut]) for i in range(0, len(data), cut))
        + behind + chunk(b"IEND", b""))


def pngs():
    random = np.random.RandomState(7)
    colors = {depth: bytes(random.randint(0, 256, 3 << depth).astype(np.uint8)) for depth in (1, 2, 4, 8)}
    for kind, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
        for depth in depths:
            samples = random.randint(0, 1 << depth, (11, 13, CHANNELS[kind]))
            if kind in (0, 4) and depth == 16:
                samples[::2] = samples[::2] // 200  # what Pillow does not clip
            if kind == 6 and depth == 16:
                samples[:, :, 3] = 65535  # the only one that libpng's simple interface gives exactly
            extra = chunk(b"PLTE", colors[depth]) if kind == 3 else b""
            for interlaced in (False, True):
                name = f"type{kind}-depth{depth}{'-interlaced' if interlaced else ''}.png"
                write(name, png(samples, depth, kind, extra, interlaced, pieces=2))
    samples = random.randint(0, 65536, (11, 13, 4))
    write("semitransparent-depth16.png", png(samples, 16, 6))
    byte = random.randint(0, 256, (11, 13, 3))
    palette = random.randint(0, 8, (11, 13))
    write("short-palette.png", png(palette, 8, 3, chunk(b"PLTE", colors[8][:15])))
    transparent = chunk(b"PLTE", colors[8][:24]) + chunk(b"tRNS", bytes([0, 128, 255]))
    write("transparent-palette.png", png(palette, 8, 3, transparent))
    write("transparent-grey.png", png(palette, 8, 0, chunk(b"tRNS", b"\0\3")))
    write("transparent-rgb.png", png(byte // 200, 8, 2, chunk(b"tRNS", b"\0\1\0\1\0\1")))
    color_space = (
        chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"cHRM", struct.pack(">8I", *[31270, 32900] * 4))
        + chunk(b"bKGD", bytes(6)))
    write("gamma.png", png(byte, 8, 2, color_space))
    write("gamma-depth16.png", png(random.randint(0, 65536, (11, 13, 3)), 16, 2, color_space))
    write("orientation-8.png", png(byte, 8, 2, chunk(b"eXIf", orientation(8))))
    text = b'XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta><tiff:Orientation>3</tiff:Orientation></x:xmpmeta>'
    write("orientation-xmp.png", png(byte, 8, 2, chunk(b"iTXt", text)))
    write("pixel.png", png(byte[:1, :1], 8, 2))
    write("no-end.png", png(byte, 8, 2)[:-12])


# WebP, BMP, TIFF, GIF


def saved(image, kind, **options):
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def webps():
    picture = Image.fromarray(image(37, 27))
    alpha = Image.fromarray(np.dstack([image(37, 27), image(37, 27, 1)[:, :, 0]]), "RGBA")
    write("lossy.webp", saved(picture, "WEBP", quality=80))
    write("lossless.webp", saved(picture, "WEBP", lossless=True))
    write("lossy-alpha.webp", saved(alpha, "WEBP", quality=80))
    write("lossless-alpha.webp", saved(alpha, "WEBP", lossless=True, exact=True))
    write("orientation-6.webp", saved(picture, "WEBP", quality=80, exif=orientation(6)))
    frames = [Image.fromarray(image(32, 24, seed)) for seed in (3, 4)]
    write("animated.webp", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))


def bmp(masks, rows, palette=b"", compression=0, bits=24, size=(5, 3)):
    """A file with BITMAPINFOHEADER by hand: Pillow writes only some kinds."""
    offset = 14 + 40 + len(masks) + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, *size, 1, bits, compression, len(rows), 2835, 2835, len(palette) // 4, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + info + masks + palette + rows


def bmps():
    picture = Image.fromarray(image(19, 12))
    write("depth24.bmp", saved(picture, "BMP"))
    write("depth8.bmp", saved(picture.quantize(200), "BMP"))
    write("depth8-gray.bmp", saved(picture.convert("L"), "BMP"))
    write("depth1.bmp", saved(picture.convert("1"), "BMP"))
    random = np.random.RandomState(5)
    palette = random.randint(0, 256, 64).astype(np.uint8).tobytes()
    write("depth4.bmp", bmp(b"", random.randint(0, 256, 12).astype(np.uint8).tobytes(), palette, bits=4))
    words = random.randint(0, 32768, (3, 6)).astype("<u2").tobytes()
    write("depth16-555.bmp", bmp(b"", words, bits=16))
    words = random.randint(0, 65536, (3, 6)).astype("<u2").tobytes()
    write("depth16-565.bmp", bmp(struct.pack("<III", 0xF800, 0x7E0, 0x1F), words, compression=3, bits=16))
    words = random.randint(0, 2**32, (3, 5)).astype("<u4").tobytes()
    write("depth32.bmp", bmp(b"", words, bits=32))
    write("depth32-fields.bmp", bmp(struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00), words, compression=3, bits=32))
    rows = random.randint(0, 256, (3, 16)).astype(np.uint8).tobytes()
    write("top-down.bmp", bmp(b"", rows, size=(5, -3)))
    colors = random.randint(0, 256, 1024).astype(np.uint8).tobytes()
    runs = bytes([3, 7, 2, 9, 0, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0, 5, 200, 0, 1])
    write("run-length8.bmp", bmp(b"", runs, colors, compression=1, bits=8))
    runs = bytes([5, 0x12, 0, 0, 0, 5, 0x34, 0x56, 0x70, 0, 0, 0, 5, 0x9A, 0, 1])
    write("run-length4.bmp", bmp(b"", runs, palette, compression=2, bits=4))
    core = struct.pack("<IHHHH", 12, 5, 3, 1, 24)
    write("core.bmp", b"BM" + struct.pack("<IHHI", 26 + 48, 0, 0, 26) + core + rows)


def tiffs():
    picture = Image.fromarray(image(37, 27))
    for compression in ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"]:
        write(f"{compression.removeprefix('tiff_')}.tif", saved(picture, "TIFF", compression=compression))
    write("gray.tif", saved(picture.convert("L"), "TIFF"))
    write("palette.tif", saved(picture.quantize(200), "TIFF"))
    write("fax.tif", saved(picture.convert("1"), "TIFF", compression="group4"))
    write("big.tif", saved(picture, "TIFF", big_tiff=True))
    small = Image.fromarray(image(19, 12))
    for value in range(1, 9):
        write(f"orientation-{value}.tif", saved(small, "TIFF", tiffinfo={274: value}))
    write("two-pages.tif", saved(small, "TIFF", save_all=True, append_images=[picture]))


def gifs():
    picture = Image.fromarray(image(37, 27)).quantize(200)
    write("plain.gif", saved(picture, "GIF", interlace=0))
    write("interlaced.gif", saved(picture, "GIF", interlace=1))
    write("two-colors.gif", saved(picture.convert("1"), "GIF"))
    write("transparent.gif", saved(picture, "GIF", transparency=3))
    noise = Image.fromarray(np.random.RandomState(1).randint(0, 256, (90, 100)).astype(np.uint8))
    write("full-table.gif", saved(noise, "GIF"))
    frames = [Image.fromarray(image(32, 24, seed)).quantize(64) for seed in (3, 4)]
    write("animated.gif", saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    # A screen larger than the frame on it.
    for name, transparency in [("offset.gif", {}), ("offset-transparent.gif", {"transparency": 3})]:
        data = bytearray(saved(picture.crop((0, 0, 9, 7)), "GIF", **transparency))
        place = data.index(b"\x2c\0\0\0\0\x09\0\x07\0")
        data[6:10] = struct.pack("<HH", 15, 11)
        data[place + 1 : place + 5] = struct.pack("<HH", 4, 3)
        write(name, bytes(data))


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        # Augmentations have a script of their own.
        if old.name != "pillow.json":
            old.unlink()
    jpegs()
    pngs()
    webps()
    bmps()
    tiffs()
    gifs()
