"""The assistant's weights: random, but always the same ones. It was not trained."""

import numpy as np

WIDTH, HEADS, WORDS, PATCH, IMAGE_WIDTH, ANSWERS = 16, 2, 64, 16, 64, 6
# Name, shape, and what the numbers are multiplied with, so that what comes out of a layer is about as large as what
# goes in.
SHAPES = {
    "text.table": ((WORDS, WIDTH), 1.0),
    "text.layer": ((WIDTH, WIDTH), WIDTH ** -0.5),
    "image.projection": ((PATCH, IMAGE_WIDTH), PATCH ** -0.5),
    "image.layer": ((IMAGE_WIDTH, IMAGE_WIDTH), IMAGE_WIDTH ** -0.5),
    "image.output": ((IMAGE_WIDTH, WIDTH), (IMAGE_WIDTH / 2) ** -0.5),
    "attention.query": ((WIDTH, WIDTH), WIDTH ** -0.5),
    "attention.key": ((WIDTH, WIDTH), WIDTH ** -0.5),
    "attention.value": ((WIDTH, WIDTH), WIDTH ** -0.5),
    "attention.output": ((WIDTH, WIDTH), WIDTH ** -0.5),
    "attention.gates": ((HEADS, 2), 1.0),
    "context.hidden": ((4, 8), 0.5),
    "context.factor": ((8, HEADS), 0.5),
    "answers": ((WIDTH, ANSWERS), WIDTH ** -0.5),
}


def make():
    """The weights by name, as float32."""
    random = np.random.default_rng(2026)
    return {name: (random.standard_normal(shape) * scale).astype(np.float32)
            for name, (shape, scale) in SHAPES.items()}
