# The runtime's C API for numpy arrays, through ctypes: load a module, open a session, call functions.
import ctypes
import json

import ml_dtypes
import numpy as np

# DLPack's code and bits of numpy's and ml_dtypes' types.
DLPACK_TYPES = {
    "int8": (0, 8), "int16": (0, 16), "int32": (0, 32), "int64": (0, 64),
    "uint8": (1, 8), "uint16": (1, 16), "uint32": (1, 32), "uint64": (1, 64),
    "float16": (2, 16), "float32": (2, 32), "float64": (2, 64), "bfloat16": (4, 16), "bool": (6, 8),
    "float8_e4m3fn": (10, 8), "float8_e4m3fnuz": (11, 8), "float8_e5m2": (12, 8), "float8_e5m2fnuz": (13, 8),
    "float8_e8m0fnu": (14, 8)}
NUMPY_TYPES = {dlpack: name for name, dlpack in DLPACK_TYPES.items()}


class DLTensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


class SessionOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_int32), ("timing", ctypes.c_int32),
                ("parallel_for", ctypes.c_void_p), ("parallel_for_context", ctypes.c_void_p),
                ("allocate", ctypes.c_void_p), ("free", ctypes.c_void_p), ("allocator_context", ctypes.c_void_p),
                ("memory_limit", ctypes.c_int64), ("checks", ctypes.c_char_p)]


class Failure(Exception):
    """A failure that the runtime reported."""


def to_numpy_type(code, bits):
    name = NUMPY_TYPES[code, bits]
    return np.dtype(getattr(ml_dtypes, name, name))


class Runtime:
    """The runtime library."""

    def __init__(self, path):
        self.library = ctypes.CDLL(path)
        for name in ("wn_status_message", "wn_session_device", "wn_session_target"):
            getattr(self.library, name).restype = ctypes.c_char_p
        for name in ("wn_module_load_file", "wn_module_load_memory", "wn_session_create", "wn_session_invoke",
                     "wn_session_profile", "wn_session_set_parameter", "wn_session_save_state",
                     "wn_session_load_state"):
            getattr(self.library, name).restype = ctypes.c_void_p

    def check(self, status):
        if not status:
            return
        status = ctypes.c_void_p(status)
        message = self.library.wn_status_message(status).decode()
        self.library.wn_status_free(status)
        raise Failure(message)

    def load(self, path):
        module = ctypes.c_void_p()
        self.check(self.library.wn_module_load_file(str(path).encode(), ctypes.byref(module)))
        return module

    def load_memory(self, buffer):
        """A module whose bytes are a writable buffer, which must outlive it."""
        module = ctypes.c_void_p()
        self.check(self.library.wn_module_load_memory(ctypes.byref(ctypes.c_char.from_buffer(buffer)),
                                                      ctypes.c_size_t(len(buffer)), ctypes.byref(module)))
        return module

    def open(self, module, device):
        """A session on a device, which makes all the checks that it can make."""
        options, session = SessionOptions(), ctypes.c_void_p()
        self.library.wn_session_options_init(ctypes.byref(options))
        if options.struct_size != ctypes.sizeof(options):
            raise Failure(f"wn_session_options has {options.struct_size} bytes, expected {ctypes.sizeof(options)}")
        if device == "ptxsim":
            options.checks = b"all"
        self.check(self.library.wn_session_create(module, device.encode(), ctypes.byref(options),
                                                  ctypes.byref(session)))
        return Session(self, session)


class Session:
    def __init__(self, runtime, handle):
        self.runtime, self.handle = runtime, handle

    def set_parameter(self, name, value):
        self.runtime.check(self.runtime.library.wn_session_set_parameter(self.handle, name.encode(),
                                                                         ctypes.c_double(value)))

    def save_state(self, path):
        self.runtime.check(self.runtime.library.wn_session_save_state(self.handle, str(path).encode()))

    def load_state(self, path):
        self.runtime.check(self.runtime.library.wn_session_load_state(self.handle, str(path).encode()))

    def profile(self):
        """What the session has done."""
        text = ctypes.c_char_p()
        self.runtime.check(self.runtime.library.wn_session_profile(self.handle, ctypes.byref(text)))
        profile = json.loads(text.value)
        self.runtime.library.wn_string_free(text)
        return profile

    def invoke(self, function, inputs, output_count):
        """Calls a function; returns its outputs as new arrays."""
        arrays = [np.require(array, requirements="C") for array in inputs]
        shapes = [(ctypes.c_int64 * max(1, array.ndim))(*array.shape) for array in arrays]
        tensors = (DLTensor * max(1, len(arrays)))()
        for tensor, array, shape in zip(tensors, arrays, shapes):
            tensor.data, tensor.device_type, tensor.ndim = array.ctypes.data, 1, array.ndim
            tensor.code, tensor.bits = DLPACK_TYPES[array.dtype.name]
            tensor.lanes, tensor.shape = 1, shape
        outputs = (DLTensor * output_count)()
        library = self.runtime.library
        self.runtime.check(library.wn_session_invoke(self.handle, function.encode(), tensors,
                                                     ctypes.c_size_t(len(arrays)), outputs,
                                                     ctypes.c_size_t(output_count)))
        results = []
        for tensor in outputs:
            dtype = to_numpy_type(tensor.code, tensor.bits)
            shape = tuple(tensor.shape[:tensor.ndim])
            count = int(np.prod(shape, dtype=np.int64))
            data = ctypes.string_at(tensor.data + tensor.byte_offset, count * dtype.itemsize) if count else b""
            results.append(np.frombuffer(data, dtype=dtype).reshape(shape))
            library.wn_tensor_free(ctypes.byref(tensor))
        return results
