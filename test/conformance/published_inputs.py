# The published models that PyTorch's exporters have written to published/: what they take, and at which sizes.
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Input:
    """An array of a model: `kind` is "normal", "tokens", "keep" (1 for what is no padding) or "keep_past"."""
    kind: str
    shape: tuple  # numbers, names of dimensions, and sums of names: "past+sequence"
    count: int = 0  # of tokens: the vocabulary's size

    def sizes(self, dimensions):
        return tuple(extent if isinstance(extent, int) else sum(dimensions[name] for name in extent.split("+"))
                     for extent in self.shape)

    def sample(self, random, dimensions):
        shape = self.sizes(dimensions)
        if self.kind == "normal":
            return random.standard_normal(shape).astype(np.float32)
        if self.kind == "tokens":
            return random.integers(0, self.count, shape)
        # Each query must see a token: the first one, or, where padding is in the past, itself.
        lowest, highest = (0, dimensions["past"]) if self.kind == "keep_past" else (1, shape[1])
        length = random.integers(lowest, highest + 1, (shape[0], 1))
        places = np.arange(shape[1])[None, :]
        return (places >= length if self.kind == "keep_past" else places < length).astype(np.int64)


@dataclass
class Model:
    name: str
    inputs: dict
    sizes: list  # three, each the extents of the dimensions
    example: dict  # what it is exported with, unlike the sizes
    outputs: list = field(default_factory=lambda: ["y"])
    fixed: dict = field(default_factory=dict)  # by exporter, the dimensions that it keeps as they are in the example

    def at_sizes(self, exporter):
        """The sizes that the exported model takes."""
        kept = {name: self.example[name] for name in self.fixed.get(exporter, [])}
        return [size | kept for size in self.sizes]

    def sample(self, random, dimensions):
        return {name: array.sample(random, dimensions) for name, array in self.inputs.items()}


def image(name, extent=None):
    """A model of images, of any size unless it is given."""
    if extent:
        sizes, example = [{"batch": batch} for batch in (1, 2, 3)], {"batch": 4}
        return Model(name, {"x": Input("normal", ("batch", 3, extent, extent))}, sizes, example)
    dimensions = ("batch", "height", "width")
    sizes = [dict(zip(dimensions, size)) for size in ((1, 224, 224), (3, 64, 96), (2, 128, 160))]
    example = dict(zip(dimensions, (2, 96, 64)))
    return Model(name, {"x": Input("normal", ("batch", 3, "height", "width"))}, sizes, example)


def text(name, inputs, outputs=("y",), past=False, source=False, fixed=None):
    """A model of sequences; `past`: of keys and values; `source`: another sequence that it attends to."""
    dimensions = ("batch", "sequence") + ("past",) * past + ("source",) * source
    sizes = [dict(zip(dimensions, size)) for size in ((1, 1, 6), (3, 17, 5), (2, 40, 33))]
    return Model(name, inputs, sizes, dict(zip(dimensions, (4, 9, 11))), list(outputs), fixed or {})


GPT2_LAYERS = 12
CACHE = [f"{part}_{layer}" for layer in range(GPT2_LAYERS) for part in ("key", "value")]
PAIR = ("batch", "sequence")

MODELS = [
    image("resnet50"),
    image("mobilenet_v3"),
    image("efficientnet_b0"),
    image("convnext_tiny"),
    image("vit_b_16", 224),
    image("swin_t", 224),
    image("unet"),
    text("bert", {"input_ids": Input("tokens", PAIR, 30522), "attention_mask": Input("keep", PAIR),
                  "token_type_ids": Input("tokens", PAIR, 2)}, ("y", "pooled")),
    text("distilbert", {"input_ids": Input("tokens", PAIR, 30522), "attention_mask": Input("keep", PAIR)}),
    text("t5_encoder", {"input_ids": Input("tokens", PAIR, 32128), "attention_mask": Input("keep", PAIR)}),
    text("t5_decoder", {"input_ids": Input("tokens", PAIR, 32128),
                        "states": Input("normal", ("batch", "source", 512)),
                        "attention_mask": Input("keep", ("batch", "source"))}, source=True),
    text("gpt2", {"input_ids": Input("tokens", PAIR, 50257),
                  "attention_mask": Input("keep_past", ("batch", "past+sequence"))} |
         {name: Input("normal", ("batch", 12, "past", 64)) for name in CACHE},
         ["y"] + [f"present_{name}" for name in CACHE], past=True),
    text("llama", {"input_ids": Input("tokens", PAIR, 2000), "attention_mask": Input("keep", PAIR)}),
    Model("whisper_encoder", {"x": Input("normal", ("batch", 80, 3000))}, [{"batch": batch} for batch in (1, 2, 3)],
          {"batch": 4}),
    Model("clip", {"input_ids": Input("tokens", PAIR, 49408), "attention_mask": Input("keep", PAIR),
                   "x": Input("normal", ("images", 3, 224, 224))},
          [dict(batch=1, sequence=5, images=2), dict(batch=3, sequence=17, images=1),
           dict(batch=2, sequence=40, images=3)],
          dict(batch=4, sequence=9, images=5), ["y", "text", "image"]),
    # The newer exporter writes a step of the recurrence for each word of the example.
    text("lstm_tagger", {"input_ids": Input("tokens", PAIR, 500)}, fixed={"dynamo": ["sequence"]}),
    text("experts", {"x": Input("normal", ("batch", "sequence", 64))}),
]
