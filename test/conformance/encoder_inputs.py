# What the encoders that PyTorch exports are called, and what they take; without PyTorch.
from dataclasses import dataclass

import numpy as np

WIDTH, HEADS, HIDDEN, LAYERS = 16, 4, 24, 2
EXAMPLE = 3, 5  # the batch and the sequence length that a model is exported with


@dataclass
class Model:
    name: str
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
    Model("standard_gelu"),
    Model("standard_relu_first"),
    Model("standard_relu_padding", "padding"),
    Model("standard_gelu_first_padding", "padding"),
    Model("standard_gelu_mask", "mask"),
    Model("standard_relu_first_mask", "mask"),
    Model("written_plain"),
    Model("written_padded", "padding"),
    Model("written_causal"),
    Model("written_grouped"),
    Model("written_grouped_causal"),
    Model("written_explicit"),
]
