# Two-layer transformer encoders as PyTorch's exporters write them, with random weights and dynamic shapes.
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as functional
from torch import nn

WIDTH, HEADS, HIDDEN, LAYERS = 16, 4, 24, 2
HEAD_WIDTH = WIDTH // HEADS
EXAMPLE = 3, 5  # the batch and the sequence length that a model is exported with
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


@dataclass
class Model:
    name: str
    make: callable
    mask: str | None = None  # the name of its second input

    def fixed_sequence(self, exporter):
        """The only sequence length that the exported model takes, ONNX Runtime too; None if it takes any."""
        # The older exporter writes down that of the example for the keys of nn.MultiheadAttention.
        return EXAMPLE[1] if exporter == "torchscript" and self.name.startswith("standard") else None

    def input_names(self):
        return ["x", self.mask] if self.mask else ["x"]

    def sample(self, random, batch, sequence):
        inputs = {"x": random.standard_normal((batch, sequence, WIDTH)).astype(np.float32)}
        if self.mask == "padding":
            # A row that is padding throughout has no answer, so that each keeps its first token.
            lengths = random.integers(1, sequence + 1, batch)
            inputs["padding"] = np.arange(sequence)[None, :] >= lengths[:, None]
        elif self.mask == "mask":
            inputs["mask"] = np.where(random.random((sequence, sequence)) < 0.3, -np.inf, 0).astype(np.float32)
            np.fill_diagonal(inputs["mask"], 0.5)
        return inputs


MODELS = [
    Model("standard_gelu", lambda: StandardEncoder("gelu", norm_first=False)),
    Model("standard_relu_first", lambda: StandardEncoder("relu", norm_first=True)),
    Model("standard_relu_padding", lambda: StandardEncoder("relu", False, "padding"), "padding"),
    Model("standard_gelu_first_padding", lambda: StandardEncoder("gelu", True, "padding"), "padding"),
    Model("standard_gelu_mask", lambda: StandardEncoder("gelu", False, "mask"), "mask"),
    Model("standard_relu_first_mask", lambda: StandardEncoder("relu", True, "mask"), "mask"),
    Model("written_plain", lambda: Encoder(PlainLayer)),
    Model("written_padded", lambda: Encoder(PaddedLayer), "padding"),
    Model("written_causal", lambda: Encoder(CausalLayer)),
    Model("written_grouped", lambda: Encoder(GroupedLayer)),
    Model("written_grouped_causal", lambda: Encoder(GroupedCausalLayer)),
    Model("written_explicit", lambda: Encoder(ExplicitLayer)),
]


def export(model, exporter, seed, path):
    """Writes a model with weights of its own seed; `exporter` is "torchscript" or "dynamo"."""
    torch.manual_seed(seed)
    torch.backends.mha.set_fastpath_enabled(False)  # one operator of PyTorch's own for a whole layer
    module = model.make().train(False)
    for parameter in module.parameters():
        if parameter.dim() == 1:  # biases and norms, which start as zeros and ones
            nn.init.normal_(parameter, mean=parameter.mean().item(), std=0.2)
    sampled = model.sample(np.random.default_rng(seed), *EXAMPLE)
    inputs = tuple(torch.from_numpy(array) for array in sampled.values())
    names = dict(input_names=model.input_names(), output_names=["y"])
    if exporter == "torchscript":
        axes = {name: DIMENSIONS[name] for name in model.input_names()}
        torch.onnx.export(module, inputs, str(path), dynamo=False, opset_version=17, dynamic_axes=axes, **names)
        return
    symbols = {name: torch.export.Dim(name, min=2, max=1 << 20) for name in ("batch", "sequence")}
    shapes = tuple({axis: symbols[dimension] for axis, dimension in DIMENSIONS[name].items()}
                   for name in model.input_names())
    torch.onnx.export(module, inputs, str(path), dynamo=True, opset_version=18, dynamic_shapes=shapes,
                      external_data=False, optimize=True, verbose=False, **names)
