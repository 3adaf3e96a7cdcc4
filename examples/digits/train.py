"""Trains the gated digits network and its twin, and writes what the demo needs: ONNX, test split, outputs.

    python -m venv train-venv && train-venv/bin/pip install -r examples/digits/requirements.txt
    train-venv/bin/python examples/digits/train.py
"""

import argparse
import pathlib
import time

import numpy as np
import onnx
import onnxruntime
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.nn import functional

from model import DigitsNet

HERE = pathlib.Path(__file__).parent
SEED = 20261123
TEST_SHARE = 0.25
BATCH = 64
PIXEL_NOISE = 0.05
WEIGHT_DECAY = 0.2
ACTIVE_SHARE = 0.375  # of the second gate's channels, on average; the first gate's is fixed by its k


def load_split():
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[:, None]
    labels = digits.target.astype(np.int64)
    return train_test_split(images, labels, test_size=TEST_SHARE, random_state=SEED, stratify=labels)


def augmented(images):
    """Each image moved by up to one pixel each way, with some noise: there are few images, and gates overfit."""
    padded = functional.pad(images, (1, 1, 1, 1))
    rows = torch.randint(0, 3, (len(images),))
    columns = torch.randint(0, 3, (len(images),))
    moved = torch.stack([padded[i, :, r : r + 8, c : c + 8] for i, (r, c) in enumerate(zip(rows, columns))])
    return moved + PIXEL_NOISE * torch.randn_like(moved)


def train(gated, images, labels, epochs):
    torch.manual_seed(SEED)
    model = DigitsNet(gated)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=WEIGHT_DECAY)
    steps = epochs * (len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    begin = time.time()
    for epoch in range(epochs):
        order = torch.randperm(len(images))
        losses = []
        for start in range(0, len(images) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            logits = model(augmented(images[chosen]))
            loss = functional.cross_entropy(logits, labels[chosen], label_smoothing=0.05)
            if gated:
                active = model.masks[1].mean()
                loss = loss + 4 * (active - ACTIVE_SHARE).square()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        if epoch % 10 == 9:
            print(f"  epoch {epoch + 1}: loss {np.mean(losses):.4f}, {time.time() - begin:.0f} s", flush=True)
    return model.fold_normalization()


def describe_gates(model, images):
    """Prints how the gates behave on the test split, and how far each choice is from another one."""
    with torch.no_grad():
        stem = torch.relu(model.stem(images))
        first = model.layer(stem, model.first, model.first_normalize, model.first_gate)
        masks = []
        for name, gate, x in (("first", model.first_gate, stem), ("second", model.second_gate, first)):
            scores = gate.scores(x)
            mask = gate.choose(scores).numpy()
            masks.append(mask)
            active = mask.sum(axis=1)
            print(f"  {name} gate: {active.min():.0f} to {active.max():.0f} of {mask.shape[1]} channels active, mean "
                  f"{active.mean():.1f}; {len(np.unique(mask, axis=0))} different masks on {len(mask)} images; "
                  f"{int((mask.min(axis=0) != mask.max(axis=0)).sum())} channels depend on the image; least "
                  f"margin {gate.margin(scores).min():.2e}")
    first_share, second_share = masks[0].mean(axis=1), masks[1].mean(axis=1)
    costs = np.array([model.first.weight.numel(), model.second.weight.numel()])
    computed = (first_share * costs[0] + first_share * second_share * costs[1]).mean() / costs.sum()
    print(f"  multiply-adds of the gated layers that the gates allow to skip: {1 - computed:.3f}")


def remove_metadata(path):
    """Removes the exporter's notes from the file: they name source files of the machine it was made on."""
    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer, *graph.value_info):
        del part.metadata_props[:]
    onnx.save(model, path)


def export(model, path, images):
    """Writes the model with a dynamic batch, and checks it against PyTorch in ONNX Runtime."""
    batch = torch.export.Dim("batch")
    torch.onnx.export(model, (images[:2],), str(path), input_names=["image"], output_names=["logits"],
                      opset_version=18, dynamo=True, external_data=False, optimize=True,
                      dynamic_shapes={"image": {0: batch}}, verbose=False)
    remove_metadata(path)
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, {"image": images.numpy()})[0]
    with torch.no_grad():
        expected = model(images).numpy()
    difference = np.abs(found - expected).max()
    if difference > 1e-4:
        raise SystemExit(f"{path}: ONNX Runtime and PyTorch differ by {difference}")
    print(f"  {path.name}: {path.stat().st_size} bytes, ONNX Runtime within {difference:.1e} of PyTorch")
    return expected


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "data", help="folder to write (default: data)")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    options.output.mkdir(parents=True, exist_ok=True)

    train_images, test_images, train_labels, test_labels = load_split()
    print(f"{len(train_images)} images to train on, {len(test_images)} to test on")
    np.save(options.output / "test-images.npy", test_images)
    np.save(options.output / "test-labels.npy", test_labels)
    images = torch.from_numpy(test_images)
    for name in ("gated", "twin"):
        print(f"{name}:", flush=True)
        model = train(name == "gated", torch.from_numpy(train_images), torch.from_numpy(train_labels), options.epochs)
        logits = export(model, options.output / f"{name}.onnx", images)
        np.save(options.output / f"{name}-logits.npy", logits)
        print(f"  accuracy {np.mean(logits.argmax(axis=1) == test_labels):.4f}")
        if name == "gated":
            describe_gates(model, images)


if __name__ == "__main__":
    main()
