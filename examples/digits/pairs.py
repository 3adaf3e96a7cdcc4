"""Compares two timings that are measured in turns, so that what the machine does meanwhile hits both alike."""

import numpy as np


def measure(first, second, blocks):
    """Calls the two in the order first, second, second, first for each block; returns their times, [blocks, 2]."""
    times = np.empty((blocks, 2, 2))
    for block in range(blocks):
        times[block, 0, 0] = first()
        times[block, 1, 0] = second()
        times[block, 1, 1] = second()
        times[block, 0, 1] = first()
    return times[:, 0, :], times[:, 1, :]


def ratio_of_medians(numerator, denominator, confidence=0.95, samples=4000):
    """median(numerator) / median(denominator), with a bootstrap interval over the blocks."""
    generator = np.random.default_rng(0)
    blocks = len(numerator)
    chosen = generator.integers(0, blocks, (samples, blocks))
    ratios = np.median(numerator[chosen].reshape(samples, -1), axis=1) / np.median(
        denominator[chosen].reshape(samples, -1), axis=1)
    low, high = np.quantile(ratios, [(1 - confidence) / 2, (1 + confidence) / 2])
    return np.median(numerator) / np.median(denominator), low, high
