#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Makes the golden files of tests/data from OpenCV, Pillow and mmsegmentation.

    python make.py DIR

Seen with OpenCV 5.0.0, Pillow 13.0.0, mmcv 2.1.0, mmsegmentation 1.2.2, NumPy 2.4.6 on x86-64 with AVX2.

pictures.txt  FILE H W CRC-of-RGB CRC-of-indices   "-" where there are none; the files lie beside it
resize.txt    linear|nearest H W C H_OUT W_OUT CRC
distort.txt   the draws of encnet__drawn, then the CRC of the distorted test pattern
augment.txt   seed epoch sample H W, options, CRC-of-x CRC-of-y

Pictures other than those in files are noise() below, which the tests draw with the same three lines of C.
"""
import io
import struct
import sys
import zlib

import cv2
import mmcv
import numpy as np
from mmcv.image.geometric import rescale_size
from mmseg.datasets.transforms import PhotoMetricDistortion
from PIL import Image, ImageOps

out = sys.argv[1].rstrip("/") + "/"


def noise(h, w, c, seed):
    """8-bit noise from a linear congruential generator, row-major."""
    n = h * w * c
    v = np.empty(n, np.uint8)
    s = seed
    for i in range(n):
        s = (s * 1664525 + 1013904223) & 0xFFFFFFFF
        v[i] = s >> 24
    return v.reshape(h, w, c)


def soft(h, w):
    """Colours that change slowly, with some noise: what photographs are to a JPEG encoder."""
    y, x = np.mgrid[0:h, 0:w]
    a = np.stack([3 * x + y, 255 - 2 * y, 5 * ((x // 5 + y // 7) % 40)], -1) % 256
    return np.clip(a + noise(h, w, 3, 5).astype(int) // 16, 0, 255).astype(np.uint8)


def crc(a):
    return "%08x" % zlib.crc32(np.ascontiguousarray(a).tobytes())


# -- pictures --------------------------------------------------------------------------------------

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, depth, colour, palette=None, interlace=False, extra=b""):
    """Any PNG there is: samples [H,W,C] as integers."""
    h, w, _ = samples.shape

    def rows(part):
        data = b""
        for row in part:
            if depth == 16:
                data += b"\0" + row.astype(">u2").tobytes()
            elif depth == 8:
                data += b"\0" + row.astype(np.uint8).tobytes()
            else:
                bits = ((row.reshape(-1, 1) >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8)
                data += b"\0" + np.packbits(bits.reshape(-1)).tobytes()
        return data

    if interlace:
        data = b"".join(rows(samples[y::dy, x::dx]) for x, y, dx, dy in PASSES if samples[y::dy, x::dx].size)
    else:
        data = rows(samples)
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, int(interlace))
    body = chunk(b"IHDR", head) + extra
    if palette is not None:
        body += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def jpeg(a, **options):
    f = io.BytesIO()
    Image.fromarray(a).save(f, "JPEG", **options)
    return f.getvalue()


def tiff(value, order=">", kind=3, before=0):
    """Exif data: a TIFF header and a directory of an orientation, behind entries of other tags."""
    entry = struct.pack(order + "HHI", 0x0112, kind, 1) + struct.pack(order + "HH", value, 0)
    other = struct.pack(order + "HHIHH", 0x0128, 3, 1, 2, 0)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return head + struct.pack(order + "H", before + 1) + other * before + entry + struct.pack(order + "I", 0)


def segment(data):
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


def orientation(put, a):
    """The orientation in JPEG and PNG, and what OpenCV overlooks."""
    plain = jpeg(a[:11, :17], quality=90)
    exif = b"Exif\0\0"
    xmp = segment(b"http://ns.adobe.com/xap/1.0/\0<x/>")
    for value in range(1, 9):
        put("turned%d.jpg" % value, plain[:2] + segment(exif + tiff(value)) + plain[2:])
    put("turned_little.jpg", plain[:2] + segment(exif + tiff(6, "<", before=3)) + plain[2:])
    put("exif_9.jpg", plain[:2] + segment(exif + tiff(9)) + plain[2:])
    put("exif_long.jpg", plain[:2] + segment(exif + tiff(6, "<", kind=4)) + plain[2:])
    put("exif_cut.jpg", plain[:2] + segment(exif + tiff(6)[:14]) + plain[2:])
    put("exif_after_xmp.jpg", plain[:2] + xmp + segment(exif + tiff(6)) + plain[2:])
    put("exif_before_xmp.jpg", plain[:2] + segment(exif + tiff(6)) + xmp + plain[2:])
    v = noise(7, 5, 3, 61)
    put("turned8.png", png(v, 8, 2, extra=chunk(b"eXIf", tiff(8))))
    late = png(v, 8, 2)
    put("turned5_late.png", late[:-12] + chunk(b"eXIf", tiff(5, "<")) + late[-12:])
    put("turned3_label.png", png(noise(7, 5, 1, 62) & 7, 8, 0, extra=chunk(b"eXIf", tiff(3))), noise(7, 5, 1, 62) & 7)


def pictures():
    h, w = 13, 19
    lines = []

    def put(name, data, indices=None):
        open(out + name, "wb").write(data)
        rgb = mmcv.imfrombytes(data, flag="color", channel_order="rgb", backend="cv2")
        # Pillow has no 16-bit grey to RGB that keeps the high byte, another formula for CMYK, and finds more Exif data
        if not name.startswith(("grey16", "cmyk", "exif_")):
            pillow = np.array(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
            assert (pillow == rgb).all(), name
        lines.append("%s %d %d %s %s" % (name, *rgb.shape[:2], crc(rgb), "-" if indices is None else crc(indices)))

    for depth in (1, 2, 4, 8):
        v = noise(h, w, 1, depth) >> (8 - depth)
        colours = noise(256, 1, 3, 77)[: 1 << depth, 0]
        for lace in (False, True):
            tail = "%d%s.png" % (depth, "_interlaced" if lace else "")
            put("grey" + tail, png(v, depth, 0, interlace=lace), v.astype(np.uint8))
            put("palette" + tail, png(v, depth, 3, colours, lace), v.astype(np.uint8))
    wide = noise(h, w, 2, 9).astype(int)
    wide = wide[..., :1] * 256 + wide[..., 1:]
    put("grey16.png", png(wide, 16, 0))
    put("grey16_labels.png", png(wide & 255, 16, 0), (wide & 255).astype(np.uint8))
    for colour, name in ((2, "rgb"), (4, "grey_alpha"), (6, "rgba")):
        v = noise(h, w, CHANNELS[colour], 20 + colour)
        if colour != 2:
            v[..., -1] |= 1
        text = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"tEXt", b"Comment\0nothing")
        put(name + "8.png", png(v, 8, colour, extra=text), v[..., :1] if colour == 4 else None)
    for colour, name in ((2, "rgb"), (6, "rgba")):
        v = noise(h, w, 2 * CHANNELS[colour], 40 + colour).astype(int)
        put(name + "16.png", png(v[..., ::2] * 256 + v[..., 1::2], 16, colour))
    clear = chunk(b"tRNS", struct.pack(">H", 7))  # one grey value is transparent: it stays what it is
    put("grey_clear8.png", png(noise(h, w, 1, 8), 8, 0, extra=clear), noise(h, w, 1, 8))
    put("rgb8_interlaced.png", png(noise(h, w, 3, 31), 8, 2, interlace=True))

    a = soft(37, 45)
    put("444.jpg", jpeg(a, quality=90, subsampling=0))
    put("422.jpg", jpeg(a, quality=75, subsampling=1))
    put("420.jpg", jpeg(a, quality=75, subsampling=2))
    put("420_progressive.jpg", jpeg(a, quality=60, subsampling=2, progressive=True))
    put("grey.jpg", jpeg(a[..., 0], quality=80))
    orientation(put, a)
    f = io.BytesIO()
    Image.fromarray(noise(9, 7, 4, 91), "CMYK").save(f, "JPEG", quality=95)
    put("cmyk.jpg", f.getvalue())
    open(out + "pictures.txt", "w").write("\n".join(lines) + "\n")


# -- resizing --------------------------------------------------------------------------------------

def resizing():
    rng = np.random.default_rng(1)
    lines = []
    for i in range(120):
        h, w, ho, wo = (int(v) for v in rng.integers(1, 70, 4))
        c = (1, 3)[i % 2]
        if i % 12 == 0: ho, wo = h, w
        if i % 12 == 1: h, w = 2 * ho, 2 * wo
        if i % 12 == 2: wo = w
        a = noise(h, w, c, i)
        for name, flag in (("linear", cv2.INTER_LINEAR), ("nearest", cv2.INTER_NEAREST)):
            r = cv2.resize(a, (wo, ho), interpolation=flag)
            lines.append("%s %d %d %d %d %d %s" % (name, h, w, c, ho, wo, crc(r)))
    open(out + "resize.txt", "w").write("\n".join(lines) + "\n")


# -- distortion ------------------------------------------------------------------------------------

def whole_vectors(code):
    """cvtColor without OpenCV's scalar tail, whose rounding differs: pixels in one row of a multiple of 256."""
    def convert(img):
        flat = img.reshape(1, -1, 3)
        fill = np.zeros((1, -flat.shape[1] % 256, 3), np.uint8)
        return cv2.cvtColor(np.concatenate([flat, fill], 1), code)[:, : flat.shape[1]].reshape(img.shape)
    return convert


mmcv.bgr2hsv = whole_vectors(cv2.COLOR_BGR2HSV)
mmcv.hsv2bgr = whole_vectors(cv2.COLOR_HSV2BGR)


class Told:
    """Stands in for numpy.random in mmseg's transforms: gives out prepared numbers."""

    def __init__(self, numbers):
        self.numbers = list(numbers)

    def take(self, *_):
        return self.numbers.pop(0)

    uniform = randint = take


def mmseg_distort(bgr, d):
    numbers = [int(d["brightness"])] + ([d["beta"]] if d["brightness"] else [])
    contrast = [int(d["contrast"])] + ([d["alpha"]] if d["contrast"] else [])
    numbers += [int(d["contrast_first"])]
    numbers += contrast if d["contrast_first"] else []
    numbers += [int(d["saturation"])] + ([d["factor"]] if d["saturation"] else [])
    numbers += [int(d["hue"])] + ([d["shift"]] if d["hue"] else [])
    numbers += [] if d["contrast_first"] else contrast
    import mmseg.datasets.transforms.transforms as module
    before, module.random = module.random, Told(numbers)
    try:
        result = PhotoMetricDistortion().transform({"img": bgr})["img"]
        assert not module.random.numbers
    finally:
        module.random = before
    return result


def cube():
    """RGB of 52^3 colours."""
    v = np.arange(0, 256, 5, dtype=np.uint8)
    return np.stack(np.meshgrid(v, v, v, indexing="ij"), -1).reshape(1, -1, 3)


def distortion():
    rng = np.random.default_rng(2)
    rgb = cube()
    lines = []
    for i in range(48):
        bits = [(i >> k) & 1 for k in range(5)]
        d = dict(zip(("brightness", "contrast", "saturation", "hue", "contrast_first"), bits))
        d.update(beta=float(rng.uniform(-32, 32)), alpha=float(rng.uniform(0.5, 1.5)),
                 factor=float(rng.uniform(0.5, 1.5)), shift=int(rng.integers(-18, 18)))
        got = mmseg_distort(rgb[:, :, ::-1].copy(), d)[:, :, ::-1]
        lines.append("%d %d %d %d %d %.17g %.17g %.17g %d %s" % (*bits, d["beta"], d["alpha"], d["factor"], d["shift"], crc(got)))
    open(out + "distort.txt", "w").write("\n".join(lines) + "\n")


# -- the pipeline ----------------------------------------------------------------------------------

class Philox:
    """encnet__rng_at(seed, a, b, purpose): Philox4x32-10."""

    def __init__(self, seed, a, b, purpose):
        self.key, self.counter, self.block = (seed & 0xFFFFFFFF, seed >> 32), [0, a, b, purpose], []

    def u32(self):
        if not self.block:
            c, (k0, k1) = list(self.counter), self.key
            for _ in range(10):
                p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
                c = [(q >> 32) ^ c[1] ^ k0, q & 0xFFFFFFFF, (p >> 32) ^ c[3] ^ k1, p & 0xFFFFFFFF]
                k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
            self.block = c
            self.counter[0] += 1
        return self.block.pop(0)

    def uniform(self):
        high, low = self.u32() >> 5, self.u32() >> 6
        return (high * 67108864 + low) / 9007199254740992

    def below(self, n):
        limit = 0xFFFFFFFF - 0xFFFFFFFF % n
        while True:
            x = self.u32()
            if x < limit:
                return x % n


def draw(o, seed, epoch, sample):
    r = Philox(seed, epoch, sample, 0x64610001)
    d = {"ratio": o["ratio"][0] + r.uniform() * (o["ratio"][1] - o["ratio"][0]), "flip": r.uniform() < 0.5}
    for name in ("brightness", "contrast_first", "contrast", "saturation", "hue"):
        d[name] = r.u32() & 1
    d["beta"] = -32 + 64 * r.uniform()
    d["alpha"] = 0.5 + r.uniform()
    d["factor"] = 0.5 + r.uniform()
    d["shift"] = r.below(36) - 18
    return d


def crop_box(labels, crop, max_ratio, r):
    """mmseg's RandomCrop with our numbers."""
    import mmseg.datasets.transforms.transforms as module

    class Crop(module.RandomCrop):
        pass
    t = Crop(crop, max_ratio)
    before = np.random.randint
    np.random.randint = lambda low, high: low + r.below(high - low)
    try:
        y0, y1, x0, x1 = t.crop_bbox({"img": labels, "gt_seg_map": labels})
    finally:
        np.random.randint = before
    return y0, y1, x0, x1


def augmentation():
    mean = np.array([123.675, 116.28, 103.53], np.float32)
    std = np.array([58.395, 57.12, 57.375], np.float32)
    lines = []
    for i in range(40):
        h, w = (40, 52) if i % 3 else (29, 23)
        scale, crop = ((60, 44), (32, 40)) if i % 4 else ((48, 48), (64, 24))
        o = {"ratio": (0.5, 2.0), "max": 0.75 if i % 5 else 1.0}
        seed, epoch, sample = (1 << 40) + i, i % 7, 3 * i
        rgb = noise(h, w, 3, i)
        y, x = np.mgrid[0:h, 0:w]
        labels = ((x // 9 + 2 * (y // 12)) % 4 if i % 2 else (x > w - 12) * 1 + (y > h - 8) * 2).astype(np.uint8)
        if i % 8 == 6:
            labels[:] = 3  # no crop is ever mixed enough
        labels[(x + y) % 11 == 0] = 255
        d = draw(o, seed, epoch, sample)
        box = (int(scale[0] * d["ratio"]), int(scale[1] * d["ratio"]))
        bgr, _ = mmcv.imrescale(rgb[:, :, ::-1].copy(), box, return_scale=True)
        assert bgr.shape[1::-1] == rescale_size((w, h), box)
        seg = mmcv.imrescale(labels, box, interpolation="nearest")
        y0, y1, x0, x1 = crop_box(seg, crop, o["max"], Philox(seed, epoch, sample, 0x64610002))
        bgr, seg = bgr[y0:y1, x0:x1], seg[y0:y1, x0:x1]
        if d["flip"]:
            bgr, seg = mmcv.imflip(bgr), mmcv.imflip(seg)
        bgr = mmseg_distort(bgr, d)
        xs = np.zeros(crop + (3,), np.float32)
        ys = np.full(crop, 255, np.int32)
        xs[: bgr.shape[0], : bgr.shape[1]] = (bgr[:, :, ::-1].astype(np.float32) - mean) / std
        ys[: seg.shape[0], : seg.shape[1]] = seg
        lines.append("%d %d %d %d %d %d %d %d %d %g %s %s" % (
            seed, epoch, sample, h, w, *scale, *crop, o["max"], crc(xs), crc(ys)))
    open(out + "augment.txt", "w").write("\n".join(lines) + "\n")


pictures()
resizing()
distortion()
augmentation()
