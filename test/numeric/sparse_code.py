# Sparse codes against orthogonal matching pursuit in numpy, in f64 and by upstream's least squares.
import numpy as np

from case import Case, Expected

FLOATS = ("f32", "f16", "bf16")
DEPENDENT_PART = 2.0 ** -16
# A choice that another one comes this close to, relatively, may go either way in f32.
NEAR = 1e-4


class Pursuit:
    """The code of one vector. `is_decided`: no comparison on the way was so close that rounding in f32 decides.
    `is_exact`: scores have no rounding that could."""

    def __init__(self, vector, dictionary, atoms, tolerance, is_exact):
        self.vector, self.dictionary, self.is_exact = vector, dictionary, is_exact
        self.norms = (dictionary * dictionary).sum(axis=1)
        self.chosen, self.coefficients, self.is_decided, self.condition = [], np.zeros(0), True, 1.0
        least = tolerance ** 2 * (vector ** 2).sum()
        while len(self.chosen) < min(atoms, len(vector)) and self.choose(least):
            pass

    def compare(self, value, limit):
        """Whether value > limit; takes note if they are close and different."""
        self.is_decided &= bool(value == limit or abs(value - limit) > NEAR * max(abs(value), abs(limit)))
        return value > limit

    def choose(self, least):
        residual = self.vector - self.coefficients @ self.dictionary[self.chosen]
        usable = np.isfinite(self.norms) & (self.norms > 0)
        # Sums that are the same for equal atoms, unlike a matrix product's.
        products = np.array([(atom * residual).sum() for atom in self.dictionary])
        scores = np.where(usable, products ** 2 / np.where(usable, self.norms, 1), 0)
        if not len(scores) or not self.compare(scores.max(), least):
            return False
        best = int(np.argmax(scores))
        # Equal atoms have equal scores on every device.
        rivals = (scores > (1 - NEAR) * scores[best]) & (self.dictionary != self.dictionary[best]).any(axis=1)
        self.is_decided &= self.is_exact or not rivals.any()
        return self.accept(best)

    def accept(self, atom):
        basis = self.dictionary[self.chosen].T
        new = self.dictionary[atom]
        rest = new - basis @ np.linalg.lstsq(basis, new, rcond=None)[0] if self.chosen else new
        if not self.compare((rest * rest).sum() / self.norms[atom], DEPENDENT_PART):
            return False
        self.chosen.append(atom)
        basis = self.dictionary[self.chosen].T
        self.coefficients = np.linalg.lstsq(basis, self.vector, rcond=None)[0]
        self.condition = np.linalg.cond(basis / np.linalg.norm(basis, axis=0))
        return True


def expect_code(atoms, tolerance, is_exact=False):
    def expect(vectors, dictionary):
        rows = len(vectors)
        indices, coefficients = np.full((rows, atoms), -1, np.int32), np.zeros((rows, atoms))
        magnitude, valid = np.zeros((rows, atoms)), np.ones((rows, atoms), bool)
        for row, vector in enumerate(vectors.astype(np.float64)):
            if not np.isfinite(vector).all():
                continue
            code = Pursuit(vector, dictionary.astype(np.float64), atoms, tolerance, is_exact)
            count = len(code.chosen)
            indices[row, :count], coefficients[row, :count] = code.chosen, code.coefficients
            valid[row] = code.is_decided
            # Coefficients are in units of one over their atoms' norms.
            lengths = np.sqrt(code.norms[code.chosen])
            largest = max(np.abs(code.coefficients * lengths), default=0)
            magnitude[row, :count] = largest * code.condition / lengths
        return [Expected(indices, valid=valid), Expected(coefficients, magnitude, valid)]
    return expect


def disturb(sampler, vectors, dictionary):
    """What random data do not have: combinations of few atoms, equal atoms, zeros, and what is not a number."""
    rows, atoms = len(vectors), len(dictionary)
    if atoms > 2:
        dictionary[1] = 0
        dictionary[-1] = dictionary[0]
        for row in range(3, rows, 3):
            few = sampler.random.permutation(atoms)[:2]
            vectors[row] = (2 * dictionary[few[0]].astype(np.float32) - dictionary[few[1]]).astype(vectors.dtype)
    for row, value in enumerate((0, np.nan, np.inf)):
        if rows > row + 3 and vectors.shape[1]:
            vectors[row, : None if value == 0 else 1] = value
    if atoms > 4 and sampler.round % 4 == 3:
        dictionary[2, :1] = np.nan
    return [vectors, dictionary]


def sample_random(kind, shape):
    def sample(sampler):
        rows, atoms, width = (sampler.size(0, most) if size is None else size
                              for size, most in zip(shape, (12, 60, 40)))
        dictionary = sampler.tensor(kind, atoms, width)
        # Atoms of very different norms.
        scales = (2.0 ** sampler.random.integers(-3, 4, (atoms, 1))).astype(dictionary.dtype)
        return disturb(sampler, sampler.tensor(kind, rows, width), dictionary * scales)
    return sample


def encode_case(name, kind, atoms, shape=(None, None, None), tolerance=None, sample=None, is_exact=False):
    """`shape`: vectors, atoms of the dictionary, width; None for what is dynamic."""
    rows, entries, width = ("?" if size is None else size for size in shape)
    x, d = f"tensor<{rows}x{width}x{kind}>", f"tensor<{entries}x{width}x{kind}>"
    results = f"tensor<{rows}x{atoms}xi32>, tensor<{rows}x{atoms}x{kind}>"
    attributes = "" if tolerance is None else f" {{tolerance = {tolerance:e} : f32}}"
    text = f"""func.func @{name}(%x: {x}, %d: {d}) -> ({results}) {{
  %i, %c = winnow.sparse_encode %x, %d, atoms {atoms}{attributes} : {x}, {d} -> {results}
  return %i, %c : {results}
}}
"""
    return Case(name, text, sample or sample_random(kind, shape),
                expect_code(atoms, 1e-4 if tolerance is None else tolerance, is_exact))


def sample_ties(sampler):
    """Small integers: all scores of the first choice are exact, and many are equal."""
    rows, atoms, width = sampler.size(0, 12), sampler.size(0, 60), sampler.size(0, 5)
    return [sampler.random.integers(-2, 3, shape).astype(np.float32) for shape in ((rows, width), (atoms, width))]


def sample_axes(sampler):
    """Each atom has one entry, a power of two, so that every choice is exact."""
    rows, atoms, width = sampler.size(0, 12), sampler.size(0, 60), sampler.size(1, 9)
    dictionary = np.zeros((atoms, width), np.float32)
    places = sampler.random.integers(0, width, atoms)
    dictionary[np.arange(atoms), places] = 2.0 ** sampler.random.integers(-3, 4, atoms)
    dictionary *= sampler.random.choice([-1, 1], (atoms, 1))
    return [sampler.random.integers(-2, 3, (rows, width)).astype(np.float32), dictionary.astype(np.float32)]


def sample_dependent(sampler):
    """The second choice is parallel to the first but for 2^-10, which is next to nothing, or for 2^-6."""
    slant = 2.0 ** -(10 if sampler.round % 2 else 6)
    return [np.array([[1, -1], [-3, 3]], np.float32), np.array([[1, 0], [1, slant]], np.float32)]


def sample_huge(sampler):
    """Vectors whose squared norm or products are beyond f32, and atoms of which that is true."""
    vectors, dictionary = sampler.tensor("f32", 6, 8), sampler.tensor("f32", 12, 8)
    vectors[0] *= np.float32(1e30)
    vectors[1] *= np.float32(1e-30)
    dictionary[3] *= np.float32(1e30)
    dictionary[4] *= np.float32(1e-30)
    return [vectors, dictionary]


def expect_huge(vectors, dictionary):
    """In f32, the norm of the first vector is infinite and that of the second is zero; so are two atoms'."""
    usable = dictionary.copy()
    usable[3:5] = 0
    vectors = vectors.copy()
    vectors[:2] = 0
    return expect_code(3, 1e-4)(vectors, usable)


def decode_case(name, kind, shape=(None, None, None, None)):
    rows, slots, atoms, width = ("?" if size is None else size for size in shape)
    i, c = f"tensor<{rows}x{slots}xi32>", f"tensor<{rows}x{slots}x{kind}>"
    d, y = f"tensor<{atoms}x{width}x{kind}>", f"tensor<{rows}x{width}x{kind}>"
    text = f"""func.func @{name}(%i: {i}, %c: {c}, %d: {d}) -> {y} {{
  %y = winnow.sparse_decode %i, %c, %d : {i}, {c}, {d} -> {y}
  return %y : {y}
}}
"""

    def sample(sampler):
        sizes = [sampler.size(0, most) if size is None else size for size, most in zip(shape, (12, 9, 60, 40))]
        indices = sampler.random.integers(0, max(sizes[2], 1), sizes[:2]).astype(np.int32)
        coefficients = sampler.tensor(kind, *sizes[:2])
        for rubbish in (-1, -7, sizes[2], 2 ** 31 - 1):
            indices[sampler.random.random(indices.shape) < 0.1] = rubbish
        coefficients[(indices < 0) & (sampler.random.random(indices.shape) < 0.5)] = np.nan
        return [indices, coefficients, sampler.tensor(kind, *sizes[2:])]

    def expect(indices, coefficients, dictionary):
        value = np.zeros((len(indices), dictionary.shape[1]))
        magnitude = np.zeros_like(value)
        for row, slot in np.argwhere((indices >= 0) & (indices < len(dictionary))):
            term = np.float64(coefficients[row, slot]) * dictionary[indices[row, slot]].astype(np.float64)
            value[row] += term
            magnitude[row] += np.abs(term)
        return [Expected(value, magnitude)]

    return Case(name, text, sample, expect)


def sparse_code_cases():
    cases = []
    for kind in FLOATS:
        cases += [encode_case(f"encode_{kind}", kind, 5), decode_case(f"decode_{kind}", kind)]
    huge = encode_case("encode_huge", "f32", 3, sample=sample_huge)
    huge.expect = expect_huge
    return cases + [
        huge,
        encode_case("encode_one", "f32", 1),
        encode_case("encode_rough", "f32", 6, tolerance=0.5),
        encode_case("encode_static", "f32", 4, (5, 24, 16)),
        encode_case("encode_wide", "f32", 7, (None, None, 3)),
        encode_case("encode_single_atom", "f32", 3, (None, 1, None)),
        encode_case("encode_ties", "f32", 1, sample=sample_ties, is_exact=True),
        encode_case("encode_axes", "f32", 6, sample=sample_axes, is_exact=True),
        encode_case("encode_dependent", "f32", 2, (2, 2, 2), sample=sample_dependent),
        decode_case("decode_static", "f32", (5, 4, 24, 16)),
    ]
