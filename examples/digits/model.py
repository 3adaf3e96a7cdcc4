"""The gated network of the example and its gate-free twin, for 8x8 images of digits."""

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

CLASSES = 10
STEM, FIRST, SECOND = 32, 64, 64  # channels
SCORE_NOISE = 0.3  # while training: what follows a gate learns not to depend on a close decision


class Gate(nn.Module):
    """Decides from a layer's input, per image, which of the layer's output channels are worth computing.

    Returns a mask of zeros and ones, [batch, channels]. While training, its gradient is that of the
    sigmoid of the scores (straight-through estimator), since the mask itself has none.
    """

    def __init__(self, inputs, outputs, hidden):
        super().__init__()
        self.reduce = nn.Linear(inputs, hidden)
        self.expand = nn.Linear(hidden, outputs)
        self.normalize = nn.BatchNorm1d(outputs)  # without it the gates choose the same for every image

    def scores(self, x):
        pooled = x.mean(dim=(2, 3))
        return self.normalize(self.expand(torch.relu(self.reduce(pooled))))

    def forward(self, x):
        scores = self.scores(x)
        if self.training:
            scores = scores + SCORE_NOISE * torch.randn_like(scores)
        mask = self.choose(scores)
        if self.training:
            soft = torch.sigmoid(scores)
            mask = mask + soft - soft.detach()
        return mask


class TopKGate(Gate):
    """Keeps the k channels with the highest scores."""

    def __init__(self, inputs, outputs, hidden, k):
        super().__init__(inputs, outputs, hidden)
        self.k = k

    def choose(self, scores):
        chosen = torch.topk(scores, self.k, dim=1).indices
        return torch.zeros_like(scores).scatter(1, chosen, 1.0)

    def margin(self, scores):
        """The distance of each image's choice from being another one."""
        ordered = torch.sort(scores, dim=1, descending=True).values
        return ordered[:, self.k - 1] - ordered[:, self.k]


class ThresholdGate(Gate):
    """Keeps the channels with a positive score: how many depends on the image."""

    def choose(self, scores):
        return (scores > 0).float()

    def margin(self, scores):
        return scores.abs().min(dim=1).values


class DigitsNet(nn.Module):
    """stem, two 3x3 convolutions (gated, or not: the twin), average over the image, linear classifier."""

    def __init__(self, gated):
        super().__init__()
        self.stem = nn.Conv2d(1, STEM, 3, padding=1)
        self.first = nn.Conv2d(STEM, FIRST, 3, padding=1)
        self.first_normalize = nn.BatchNorm2d(FIRST)
        self.second = nn.Conv2d(FIRST, SECOND, 3, padding=1)
        self.second_normalize = nn.BatchNorm2d(SECOND)
        self.first_gate = TopKGate(STEM, FIRST, hidden=16, k=FIRST * 3 // 8) if gated else None
        self.second_gate = ThresholdGate(FIRST, SECOND, hidden=16) if gated else None
        self.classify = nn.Linear(SECOND, CLASSES)
        self.masks = []

    def layer(self, x, convolution, normalize, gate):
        y = torch.relu(normalize(convolution(x)))
        if gate is not None:
            mask = gate(x)
            if self.training:
                self.masks.append(mask)
            y = y * mask[:, :, None, None]
        return y

    def forward(self, image):
        if self.training:
            self.masks = []
        x = torch.relu(self.stem(image))
        x = self.layer(x, self.first, self.first_normalize, self.first_gate)
        x = self.layer(x, self.second, self.second_normalize, self.second_gate)
        return self.classify(x.mean(dim=(2, 3)))

    def fold_normalization(self):
        """Folds every batch normalization into the weights before it: what is deployed has none."""
        self.eval()
        for name in ("first", "second"):
            convolution, normalize = getattr(self, name), getattr(self, f"{name}_normalize")
            setattr(self, name, fuse_conv_bn_eval(convolution, normalize))
            setattr(self, f"{name}_normalize", nn.Identity())
            gate = getattr(self, f"{name}_gate")
            if gate is not None:
                gate.expand = fuse_linear_bn_eval(gate.expand, gate.normalize)
                gate.normalize = nn.Identity()
        return self
