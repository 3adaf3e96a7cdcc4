# Two-layer transformer encoders as PyTorch's exporters write them, with random weights and dynamic shapes.
import numpy as np
import onnx
import torch
import torch.nn.functional as functional
from torch import nn

from encoder_inputs import EXAMPLE, HEADS, HIDDEN, LAYERS, WIDTH

HEAD_WIDTH = WIDTH // HEADS
# What a model may take beside the tokens, and the names of its dimensions.
DIMENSIONS = {"x": {0: "batch", 1: "sequence"}, "padding": {0: "batch", 1: "sequence"},
              "mask": {0: "sequence", 1: "sequence"}}


class StandardEncoder(nn.Module):
    """nn.TransformerEncoder; `mask` names what masks keys: "padding" for each batch, "mask" for each query."""

    def __init__(self, activation, norm_first, mask=None):
        super().__init__()
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, activation=activation, norm_first=norm_first,
                                           batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.mask = mask

    def forward(self, x, mask=None):
        if self.mask == "padding":
            return self.encoder(x, src_key_padding_mask=mask)
        # Whether a mask is causal is not for the exporter to find out from an example's contents.
        return self.encoder(x, mask=mask, is_causal=False)


class Layer(nn.Module):
    """A layer that normalizes first, with a SwiGLU feed-forward part; subclasses attend."""
    groups = HEADS  # heads of keys and values

    def __init__(self):
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, self.groups * HEAD_WIDTH)
        self.value = nn.Linear(WIDTH, self.groups * HEAD_WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)
        self.first_norm, self.second_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.gate, self.up = nn.Linear(WIDTH, HIDDEN, bias=False), nn.Linear(WIDTH, HIDDEN, bias=False)
        self.down = nn.Linear(HIDDEN, WIDTH, bias=False)

    def split(self, projected, heads):
        batch, sequence, _ = projected.shape
        return projected.view(batch, sequence, heads, HEAD_WIDTH).transpose(1, 2)

    def forward(self, x, mask=None):
        normal = self.first_norm(x)
        context = self.attend(self.split(self.query(normal), HEADS), self.split(self.key(normal), self.groups),
                              self.split(self.value(normal), self.groups), mask)
        x = x + self.output(context.transpose(1, 2).reshape(x.shape))
        normal = self.second_norm(x)
        return x + self.down(functional.silu(self.gate(normal)) * self.up(normal))


class PlainLayer(Layer):
    def attend(self, query, key, value, mask):
        return functional.scaled_dot_product_attention(query, key, value)


class PaddedLayer(Layer):
    """A mask of bools, True for a key that counts."""

    def attend(self, query, key, value, padding):
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=~padding[:, None, None, :])


class CausalLayer(Layer):
    def attend(self, query, key, value, mask):
        return functional.scaled_dot_product_attention(query, key, value, is_causal=True)


class GroupedLayer(Layer):
    """Neighbouring heads of queries share one of keys and values."""
    groups = HEADS // 2

    def attend(self, query, key, value, mask):
        key, value = (tensor.repeat_interleave(HEADS // self.groups, dim=1) for tensor in (key, value))
        return functional.scaled_dot_product_attention(query, key, value)


class GroupedCausalLayer(GroupedLayer):
    """Heads that are repeated as language models do it, and a mask."""

    def attend(self, query, key, value, mask):
        batch, groups, sequence, width = key.shape
        key, value = (tensor[:, :, None].expand(batch, groups, HEADS // groups, sequence, width)
                      .reshape(batch, HEADS, sequence, width) for tensor in (key, value))
        return functional.scaled_dot_product_attention(query, key, value, is_causal=True)


class ExplicitLayer(Layer):
    """Products and a softmax, with a bias for each head and distance of up to 8."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.randn(HEADS, 17))

    def attend(self, query, key, value, mask):
        positions = torch.arange(query.shape[2], device=query.device)
        distance = (positions[None, :] - positions[:, None]).clamp(-8, 8) + 8
        scores = query @ key.transpose(-2, -1) / HEAD_WIDTH ** 0.5 + self.bias[:, distance]
        return torch.softmax(scores, dim=-1) @ value


class Encoder(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layers = nn.ModuleList(layer() for _ in range(LAYERS))

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x


MAKERS = {
    "standard_gelu": lambda: StandardEncoder("gelu", norm_first=False),
    "standard_relu_first": lambda: StandardEncoder("relu", norm_first=True),
    "standard_relu_padding": lambda: StandardEncoder("relu", False, "padding"),
    "standard_gelu_first_padding": lambda: StandardEncoder("gelu", True, "padding"),
    "standard_gelu_mask": lambda: StandardEncoder("gelu", False, "mask"),
    "standard_relu_first_mask": lambda: StandardEncoder("relu", True, "mask"),
    "written_plain": lambda: Encoder(PlainLayer),
    "written_padded": lambda: Encoder(PaddedLayer),
    "written_causal": lambda: Encoder(CausalLayer),
    "written_grouped": lambda: Encoder(GroupedLayer),
    "written_grouped_causal": lambda: Encoder(GroupedCausalLayer),
    "written_explicit": lambda: Encoder(ExplicitLayer),
}


def export(model, exporter, seed, path):
    """Writes a model with weights of its own seed; `exporter` is "torchscript" or "dynamo"."""
    torch.manual_seed(seed)
    torch.backends.mha.set_fastpath_enabled(False)  # one operator of PyTorch's own for a whole layer
    module = MAKERS[model.name]().train(False)
    for parameter in module.parameters():
        if parameter.dim() == 1:  # biases and norms, which start as zeros and ones
            nn.init.normal_(parameter, mean=parameter.mean().item(), std=0.2)
    sampled = model.sample(np.random.default_rng(seed), *EXAMPLE)
    inputs = tuple(torch.from_numpy(array) for array in sampled.values())
    names = dict(input_names=model.input_names(), output_names=["y"])
    if exporter == "torchscript":
        axes = {name: DIMENSIONS[name] for name in model.input_names()}
        torch.onnx.export(module, inputs, str(path), dynamo=False, opset_version=17, dynamic_axes=axes, **names)
    else:
        export_dynamo(model, module, inputs, path, names)
    drop_origins(path)


def export_dynamo(model, module, inputs, path, names):
    symbols = {name: torch.export.Dim(name, min=2, max=1 << 20) for name in ("batch", "sequence")}
    shapes = tuple({axis: symbols[dimension] for axis, dimension in DIMENSIONS[name].items()}
                   for name in model.input_names())
    torch.onnx.export(module, inputs, str(path), dynamo=True, opset_version=18, dynamic_shapes=shapes,
                      external_data=False, optimize=True, verbose=False, **names)


def drop_origins(path):
    """Removes what the exporters write about the source that a node comes from: paths, and much text."""
    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    onnx.save(model, path)
