# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""encnet.py - libencnet from Python: one file, through ctypes; nothing to build, numpy optional.

    import encnet
    with encnet.Device() as device, encnet.Model(device, "work_dirs/demo/latest") as model:
        height, width, rgb = encnet.read_picture("photo.jpg")
        ids = model.run(rgb, height, width)         # bytes, a class for each pixel
        encnet.write_picture("classes.png", ids, height, width, palette=model.palette())

With numpy, pass arrays of uint8 [H,W,3] to run() and get them back: numpy.frombuffer(ids, "u1").reshape(height, width).

Threads that run a model at once have a Session each; those that share a Model or a Session take turns.

As a program: encnet.py CHECKPOINT PHOTO OUT.png.  ENCNET_LIBRARY names the library if the system does not find it.
"""
import ctypes
import os
import sys
import threading
from ctypes import POINTER, Structure, byref, c_bool, c_char_p, c_float, c_int, c_size_t, c_uint8, c_void_p

_library = ctypes.CDLL(os.environ.get("ENCNET_LIBRARY", "libencnet.so.0"))

# The options as encnet/options.h lays them out: eight sections of one size, then those without a field.
_SECTION_BYTES, _EVAL_SECTION, _DEVICE_SECTION, _OPTIONS_BYTES = 320, 5, 6, 8 * 320 + 48 * 40

_FORMATS = ("rgb8", "bgr8", "rgba8", "bgra8", "grey8", "nv12", "i420")


class _Image(Structure):
    """encnet_image"""

    _fields_ = [("format", c_int), ("matrix", c_int), ("width", c_int), ("height", c_int), ("planes", c_void_p * 3),
                ("strides", c_size_t * 3), ("offset", c_size_t), ("in_device", c_bool), ("reserved", c_void_p * 4)]


class _Results(Structure):
    """encnet_results"""

    _fields_ = [("ids", c_void_p), ("top", c_void_p), ("probs", c_void_p), ("logits", c_void_p), ("features", c_void_p),
                ("overlay", c_void_p), ("classes_last", c_bool), ("in_device", c_bool), ("reserved", c_void_p * 8)]


def _function(name, result, *arguments):
    function = getattr(_library, name)
    function.restype, function.argtypes = result, arguments
    return function


_status = c_int
_last_error = _function("encnet_last_error", c_char_p)
_version = _function("encnet_version", c_char_p)
_free = _function("encnet_free", None, c_void_p)
_options_default = _function("encnet_options_default", None, c_void_p)
_options_set = _function("encnet_options_set", _status, c_void_p, c_char_p, c_char_p)
_options_get = _function("encnet_options_get", _status, c_char_p, c_size_t, c_void_p, c_char_p)
_device_open = _function("encnet_device_open", _status, POINTER(c_void_p), c_void_p)
_device_close = _function("encnet_device_close", None, c_void_p)
_model_load = _function("encnet_model_load", _status, POINTER(c_void_p), c_void_p, c_char_p)
_model_load_memory = _function("encnet_model_load_memory", _status, POINTER(c_void_p), c_void_p, c_void_p, c_size_t)
_model_free = _function("encnet_model_free", None, c_void_p)
_model_classes = _function("encnet_model_classes", c_int, c_void_p)
_model_class_name = _function("encnet_model_class_name", c_char_p, c_void_p, c_int)
_model_class_colour = _function("encnet_model_class_colour", None, c_void_p, c_void_p, c_int)
_model_get_options = _function("encnet_model_get_options", c_void_p, c_void_p)
_model_run = _function("encnet_model_run", _status, c_void_p, c_void_p, c_void_p, c_void_p, c_int, c_int)
_session_new = _function("encnet_session_new", _status, POINTER(c_void_p), c_void_p, c_void_p)
_session_free = _function("encnet_session_free", None, c_void_p)
_session_run = _function("encnet_session_run", _status, c_void_p, POINTER(_Image), c_int, POINTER(_Results))
_picture_read = _function("encnet_picture_read", _status, POINTER(POINTER(c_uint8)), POINTER(c_int), POINTER(c_int),
                          c_char_p, c_void_p)
_picture_write = _function("encnet_picture_write", _status, c_char_p, c_void_p, c_int, c_int, c_int, c_void_p)


class Error(Exception):
    """A failure: status is its code, the text is the library's message."""

    def __init__(self, status):
        super().__init__(_last_error().decode("utf-8", "replace"))
        self.status = status


def _check(status):
    if status != 0:
        raise Error(status)


def _pixels(data, size):
    """The address of `size` bytes of bytes, bytearray, memoryview or a numpy array, and what keeps them alive."""
    view = memoryview(data)
    if not view.c_contiguous or view.nbytes != size:
        raise ValueError("%d bytes in one piece are needed, not %d" % (size, view.nbytes))
    if view.readonly:
        view = memoryview(bytearray(view))  # ctypes takes addresses of writable memory only
    keep = (c_uint8 * size).from_buffer(view)
    return ctypes.addressof(keep), keep


def version():
    return _version().decode()


def read_picture(path):
    """Reads a PNG or a JPEG.  Returns height, width and the RGB bytes."""
    rgb, height, width = POINTER(c_uint8)(), c_int(), c_int()
    _check(_picture_read(byref(rgb), byref(height), byref(width), os.fsencode(path), None))
    try:
        return height.value, width.value, ctypes.string_at(rgb, 3 * height.value * width.value)
    finally:
        _free(rgb)


def write_picture(path, pixels, height, width, palette=None):
    """Writes a PNG: RGB if there are three bytes for a pixel; else grey, or in the colours of a palette of 768 bytes."""
    channels = memoryview(pixels).nbytes // (height * width)
    address, keep = _pixels(pixels, height * width * channels)
    _check(_picture_write(os.fsencode(path), address, height, width, channels, palette))
    del keep


class _Owner:
    """Something that the library made; it is closed at the end of `with`, by close(), or with the object."""

    def __init__(self):
        self.handle = c_void_p()

    def close(self):
        handle, self.handle = self.handle, c_void_p()
        if handle:
            self._release(handle)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def __del__(self):
        if getattr(self, "handle", None):
            self.close()


class Device(_Owner):
    """An open device; `select` as the option device.select: "", "0", "0:1", "intel"."""

    _release = _device_close

    def __init__(self, select=""):
        super().__init__()
        options = (c_uint8 * _OPTIONS_BYTES)()
        text = select.encode()
        _options_default(options)
        _check(_options_set(options, b"device.select", text))
        _check(_device_open(byref(self.handle), byref(options, _DEVICE_SECTION * _SECTION_BYTES)))


class Model(_Owner):
    """A model on a device, from the path of a checkpoint or from the bytes of one."""

    _release = _model_free

    def __init__(self, device, checkpoint):
        super().__init__()
        self.device = device  # it must not be closed first
        self._turn = threading.Lock()
        if isinstance(checkpoint, (bytes, bytearray)):
            address, keep = _pixels(checkpoint, len(checkpoint))
            _check(_model_load_memory(byref(self.handle), device.handle, address, len(checkpoint)))
            del keep
        else:
            _check(_model_load(byref(self.handle), device.handle, os.fsencode(checkpoint)))

    @property
    def class_names(self):
        return [_model_class_name(self.handle, m).decode() for m in range(_model_classes(self.handle))]

    def palette(self):
        """The colours of the classes, 256 times RGB."""
        colours = (c_uint8 * 768)()
        for m in range(min(256, _model_classes(self.handle))):
            _model_class_colour(ctypes.addressof(colours) + 3 * m, self.handle, m)
        return bytes(colours)

    def option(self, key):
        """An option that describes the model, such as "model.network"."""
        text = ctypes.create_string_buffer(1024)
        _check(_options_get(text, len(text), _model_get_options(self.handle), key.encode()))
        return text.value.decode()

    def run(self, rgb, height, width):
        """The class of each pixel, height * width bytes.  Python's other threads run meanwhile."""
        address, keep = _pixels(rgb, 3 * height * width)
        ids = (c_uint8 * (height * width))()
        with self._turn:
            _check(_model_run(self.handle, ids, None, address, height, width))
        del keep
        return bytes(ids)

    def probabilities(self, rgb, height, width):
        """The probability of each class, float32 [M,H,W], as bytes."""
        address, keep = _pixels(rgb, 3 * height * width)
        probs = (c_float * (_model_classes(self.handle) * height * width))()
        with self._turn:
            _check(_model_run(self.handle, None, probs, address, height, width))
        del keep
        return bytes(probs)


class Session(_Owner):
    """Runs a model with a queue and memory of its own; `how` are options of [eval], such as mode="slide"."""

    _release = _session_free

    def __init__(self, model, **how):
        super().__init__()
        self.model = model  # it must not be closed first
        self._turn = threading.Lock()
        options = (c_uint8 * _OPTIONS_BYTES)()
        texts = [(b"eval." + key.encode(), str(value).encode()) for key, value in how.items()]
        _options_default(options)
        for key, text in texts:
            _check(_options_set(options, key, text))
        _check(_session_new(byref(self.handle), model.handle, byref(options, _EVAL_SECTION * _SECTION_BYTES)))

    def _run(self, results, pixels, height, width, format):
        size = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "grey8": 1}.get(format, 1) * height * width
        if format in ("nv12", "i420"):
            size += 2 * ((height + 1) // 2) * ((width + 1) // 2)
        address, keep = _pixels(pixels, size)
        image = _Image(format=_FORMATS.index(format), width=width, height=height)
        image.planes[0] = address
        with self._turn:
            _check(_session_run(self.handle, byref(image), 1, byref(results)))
        del keep

    def run(self, pixels, height, width, format="rgb8"):
        """The class of each pixel, height * width bytes.  `format`: rgb8, bgr8, rgba8, bgra8, grey8, nv12 or i420."""
        ids = (c_uint8 * (height * width))()
        self._run(_Results(ids=ctypes.addressof(ids)), pixels, height, width, format)
        return bytes(ids)

    def probabilities(self, pixels, height, width, format="rgb8"):
        """The probability of each class, float32 [M,H,W], as bytes."""
        probs = (c_float * (_model_classes(self.model.handle) * height * width))()
        self._run(_Results(probs=ctypes.addressof(probs)), pixels, height, width, format)
        return bytes(probs)


def main(arguments):
    if len(arguments) != 3:
        print("usage: encnet.py CHECKPOINT PHOTO OUT.png", file=sys.stderr)
        return 2
    try:
        with Device() as device, Model(device, arguments[0]) as model:
            height, width, rgb = read_picture(arguments[1])
            ids = model.run(rgb, height, width)
            write_picture(arguments[2], ids, height, width, model.palette())
            names = model.class_names
            print("%s: %s" % (arguments[1], ", ".join(names[m] for m in sorted(set(ids)))))
    except Error as error:
        print("encnet.py: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
