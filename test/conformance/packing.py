# Elements that share bytes, as ONNX packs them: a sequence of bits, of each element and byte the lowest first.
import ml_dtypes
import numpy as np

BITS = {"int4": 4, "uint4": 4, "int2": 2, "uint2": 2, "float4_e2m1fn": 4, "float6_e2m3fn": 6, "float6_e3m2fn": 6}


def pack(array):
    """The bytes of an array of one of these types."""
    bits = BITS[array.dtype.name]
    codes = array.view(np.uint8).reshape(-1) & (2**bits - 1)
    return np.packbits((codes[:, None] >> np.arange(bits) & 1).astype(np.uint8), bitorder="little")


def unpack(stored, name, shape):
    """The array of the type `name` in the bytes."""
    bits, count = BITS[name], int(np.prod(shape))
    digits = np.unpackbits(stored, bitorder="little")[:count * bits].reshape(count, bits)
    codes = (digits << np.arange(bits, dtype=np.uint8)).sum(1).astype(np.uint8)
    if name.startswith("int"):
        codes = (codes.astype(np.int8) << (8 - bits)) >> (8 - bits)
    return codes.view(getattr(ml_dtypes, name)).reshape(shape)
