# Order statistics: keys in any order, negative ones that do not count, ranks below and beyond what there is.
import numpy as np

from case import Case, Expected

KEY_BITS = 60


def sample_keys(random, count):
    """Different keys: dense small ones, or ones that differ in any digit, with the greatest and the least."""
    if random.random() < 0.5:
        return random.permutation(4 * count + 1)[:count].astype(np.int64)
    keys = np.unique(random.integers(0, 1 << KEY_BITS, count))
    edges = np.array([0, (1 << KEY_BITS) - 1, 1 << (KEY_BITS - 1), 15, 16])
    keys[:min(len(edges), len(keys))] = edges[:len(keys)]
    return random.permutation(np.unique(keys))


def sample(sampler):
    keys = sample_keys(sampler.random, sampler.size(0, 300))
    if sampler.round % 3 == 1:
        keys[sampler.random.random(len(keys)) < 0.4] = -1
    ranks = [-5, 0, len(keys) - 1, len(keys), len(keys) + 7, sampler.random.integers(0, len(keys) + 1)]
    return [keys, np.array(ranks[sampler.round % len(ranks)], np.int64)]


def expect(keys, rank):
    ordered = np.sort(keys[keys >= 0])
    place = max(0, int(rank))
    return [Expected(ordered[place] if place < len(ordered) else np.array(1 << KEY_BITS))]


def order_cases():
    return [Case("order_statistic", """func.func @order_statistic(%keys: tensor<?xi64>, %rank: tensor<i64>) -> tensor<i64> {
  %key = winnow.order_statistic %keys, %rank : tensor<?xi64>
  return %key : tensor<i64>
}
""", sample, expect)]
