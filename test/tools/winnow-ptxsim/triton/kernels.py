"""Kernels written in Triton, for compile.py: products, attention, normalizations, sorts, scans and what else people
write. Each is an ordinary kernel that makes no allowance for the simulator."""

import triton
import triton.language as tl


@triton.jit
def matmul(a, b, c, m, n, k, a_stride, b_stride, c_stride, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
           BLOCK_K: tl.constexpr, GROUP: tl.constexpr, SUM: tl.constexpr, PRECISION: tl.constexpr):
    """c = a @ b, blocks in groups of rows that share b in the cache."""
    pid = tl.program_id(0)
    across = GROUP * tl.cdiv(n, BLOCK_N)
    first = pid // across * GROUP
    rows = min(tl.cdiv(m, BLOCK_M) - first, GROUP)
    row = first + pid % across % rows
    column = pid % across // rows
    i = row * BLOCK_M + tl.arange(0, BLOCK_M)
    j = column * BLOCK_N + tl.arange(0, BLOCK_N)
    l = tl.arange(0, BLOCK_K)
    a_at = a + i[:, None] * a_stride + l[None, :]
    b_at = b + l[:, None] * b_stride + j[None, :]
    total = tl.zeros((BLOCK_M, BLOCK_N), dtype=SUM)
    for step in range(0, tl.cdiv(k, BLOCK_K)):
        inside = l < k - step * BLOCK_K
        x = tl.load(a_at, mask=(i[:, None] < m) & inside[None, :], other=0.0)
        y = tl.load(b_at, mask=inside[:, None] & (j[None, :] < n), other=0.0)
        total = tl.dot(x, y, total, input_precision=PRECISION, out_dtype=SUM)
        a_at += BLOCK_K
        b_at += BLOCK_K * b_stride
    tl.store(c + i[:, None] * c_stride + j[None, :], total.to(c.dtype.element_ty),
             mask=(i[:, None] < m) & (j[None, :] < n))


@triton.jit
def persistent_matmul(a, b, c, m, n, k, BLOCK: tl.constexpr, BLOCK_K: tl.constexpr):
    """Each program computes every tile whose number is its own modulo the number of programs."""
    across = tl.cdiv(n, BLOCK)
    tiles = tl.cdiv(m, BLOCK) * across
    l = tl.arange(0, BLOCK_K)
    for tile in tl.range(tl.program_id(0), tiles, tl.num_programs(0), flatten=True):
        i = tile // across * BLOCK + tl.arange(0, BLOCK)
        j = tile % across * BLOCK + tl.arange(0, BLOCK)
        total = tl.zeros((BLOCK, BLOCK), dtype=tl.float32)
        for step in range(0, tl.cdiv(k, BLOCK_K)):
            deep = step * BLOCK_K + l
            x = tl.load(a + i[:, None] * k + deep[None, :], mask=(i[:, None] < m) & (deep[None, :] < k), other=0)
            y = tl.load(b + deep[:, None] * n + j[None, :], mask=(deep[:, None] < k) & (j[None, :] < n), other=0)
            total = tl.dot(x, y, total)
        tl.store(c + i[:, None] * n + j[None, :], total.to(tl.float16), mask=(i[:, None] < m) & (j[None, :] < n))


@triton.jit
def split_k_matmul(a, b, c, m, n, k, BLOCK: tl.constexpr, BLOCK_K: tl.constexpr, SPLIT: tl.constexpr):
    """The programs of one tile add their parts of the sum to c atomically."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    j = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    l = tl.program_id(2) * BLOCK_K + tl.arange(0, BLOCK_K)
    total = tl.zeros((BLOCK, BLOCK), dtype=tl.float32)
    for step in range(0, tl.cdiv(k, BLOCK_K * SPLIT)):
        x = tl.load(a + i[:, None] * k + l[None, :], mask=(i[:, None] < m) & (l[None, :] < k), other=0)
        y = tl.load(b + l[:, None] * n + j[None, :], mask=(l[:, None] < k) & (j[None, :] < n), other=0)
        total = tl.dot(x, y, total)
        l += BLOCK_K * SPLIT
    tl.atomic_add(c + i[:, None] * n + j[None, :], total, mask=(i[:, None] < m) & (j[None, :] < n))


@triton.jit
def attention(q, k, v, out, scale, queries, keys, CAUSAL: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr,
              WIDTH: tl.constexpr):
    """Attention of one head per program_id(1) with the running maximum and sum of FlashAttention-2."""
    first = tl.program_id(0) * BLOCK_Q
    head = tl.program_id(1)
    i = first + tl.arange(0, BLOCK_Q)
    d = tl.arange(0, WIDTH)
    q += head * queries * WIDTH
    k += head * keys * WIDTH
    v += head * keys * WIDTH
    query = tl.load(q + i[:, None] * WIDTH + d[None, :], mask=i[:, None] < queries, other=0)
    largest = tl.full((BLOCK_Q,), -float("inf"), dtype=tl.float32)
    weight = tl.zeros((BLOCK_Q,), dtype=tl.float32)
    total = tl.zeros((BLOCK_Q, WIDTH), dtype=tl.float32)
    end = min(keys, first + BLOCK_Q) if CAUSAL else keys
    for start in range(0, end, BLOCK_K):
        j = start + tl.arange(0, BLOCK_K)
        key = tl.load(k + j[None, :] * WIDTH + d[:, None], mask=j[None, :] < keys, other=0)
        score = tl.dot(query, key) * (scale * 1.4426950408889634)
        visible = j[None, :] < keys
        if CAUSAL:
            visible = visible & (j[None, :] <= i[:, None])
        score = tl.where(visible, score, -float("inf"))
        larger = tl.maximum(largest, tl.max(score, 1))
        shrink = tl.exp2(largest - larger)
        part = tl.exp2(score - larger[:, None])
        weight = weight * shrink + tl.sum(part, 1)
        value = tl.load(v + j[:, None] * WIDTH + d[None, :], mask=j[:, None] < keys, other=0)
        total = tl.dot(part.to(tl.float16), value, total * shrink[:, None])
        largest = larger
    total = total / weight[:, None]
    tl.store(out + head * queries * WIDTH + i[:, None] * WIDTH + d[None, :], total.to(tl.float16),
             mask=i[:, None] < queries)


@triton.jit
def softmax(x, y, rows, columns, BLOCK: tl.constexpr):
    """Rows of any length up to BLOCK; each program takes every num_programs-th."""
    j = tl.arange(0, BLOCK)
    for row in tl.range(tl.program_id(0), rows, tl.num_programs(0), num_stages=2):
        values = tl.load(x + row * columns + j, mask=j < columns, other=-float("inf"))
        powers = tl.exp(values - tl.max(values, 0))
        tl.store(y + row * columns + j, powers / tl.sum(powers, 0), mask=j < columns)


@triton.jit
def layer_norm(x, weight, bias, y, means, inverses, columns, epsilon, BLOCK: tl.constexpr):
    """One row per program, in parts of BLOCK columns."""
    row = tl.program_id(0)
    j = tl.arange(0, BLOCK)
    total = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, columns, BLOCK):
        total += tl.load(x + row * columns + start + j, mask=start + j < columns, other=0).to(tl.float32)
    mean = tl.sum(total, 0) / columns
    squares = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, columns, BLOCK):
        value = tl.load(x + row * columns + start + j, mask=start + j < columns, other=0).to(tl.float32)
        value = tl.where(start + j < columns, value - mean, 0)
        squares += value * value
    inverse = 1 / tl.sqrt(tl.sum(squares, 0) / columns + epsilon)
    tl.store(means + row, mean)
    tl.store(inverses + row, inverse)
    for start in range(0, columns, BLOCK):
        inside = start + j < columns
        value = tl.load(x + row * columns + start + j, mask=inside, other=0).to(tl.float32)
        w = tl.load(weight + start + j, mask=inside)
        b = tl.load(bias + start + j, mask=inside)
        tl.store(y + row * columns + start + j, ((value - mean) * inverse * w + b).to(tl.float16), mask=inside)


@triton.jit
def layer_norm_backward(dx, dy, dw, db, x, weight, means, inverses, lock, count, columns, GROUP: tl.constexpr,
                        BLOCK: tl.constexpr):
    """dx of one row per program; dw and db are summed in GROUP buffers, each behind a spin lock."""
    row = tl.program_id(0)
    j = tl.arange(0, BLOCK)
    inside = j < columns
    value = tl.load(x + row * columns + j, mask=inside, other=0).to(tl.float32)
    slope = tl.load(dy + row * columns + j, mask=inside, other=0).to(tl.float32)
    w = tl.load(weight + j, mask=inside, other=0)
    inverse = tl.load(inverses + row)
    normal = tl.where(inside, (value - tl.load(means + row)) * inverse, 0)
    weighted = slope * w
    along = tl.sum(normal * weighted, 0) / columns
    average = tl.sum(weighted, 0) / columns
    tl.store(dx + row * columns + j, (weighted - (normal * along + average)) * inverse, mask=inside)
    group = row % GROUP
    part_w = slope * normal
    part_b = slope
    while tl.atomic_cas(lock + group, 0, 1) == 1:
        pass
    if tl.load(count + group) == 0:
        tl.atomic_xchg(count + group, 1)
    else:
        part_w += tl.load(dw + group * columns + j, mask=inside)
        part_b += tl.load(db + group * columns + j, mask=inside)
    tl.store(dw + group * columns + j, part_w, mask=inside)
    tl.store(db + group * columns + j, part_b, mask=inside)
    tl.debug_barrier()
    tl.atomic_xchg(lock + group, 0)


@triton.jit
def sum_of_products(x, y, out, size, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    products = tl.load(x + i, mask=i < size, other=0) * tl.load(y + i, mask=i < size, other=0)
    tl.store(out, tl.sum(products, 0))


@triton.jit
def sort(x, y, ROWS: tl.constexpr, COLUMNS: tl.constexpr, DESCENDING: tl.constexpr):
    at = tl.arange(0, ROWS)[:, None] * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    tl.store(y + at, tl.sort(tl.load(x + at), descending=DESCENDING))


@triton.jit
def top_k(x, y, ROWS: tl.constexpr, COLUMNS: tl.constexpr, K: tl.constexpr):
    i = tl.arange(0, ROWS)[:, None]
    largest = tl.topk(tl.load(x + i * COLUMNS + tl.arange(0, COLUMNS)[None, :]), K)
    tl.store(y + i * K + tl.arange(0, K)[None, :], largest)


@triton.jit
def cumulative_sum(x, y, size, REVERSE: tl.constexpr, BLOCK: tl.constexpr):
    j = tl.arange(0, BLOCK)
    row = tl.program_id(0) * size
    tl.store(y + row + j, tl.cumsum(tl.load(x + row + j, mask=j < size, other=0), 0, reverse=REVERSE), mask=j < size)


@triton.jit
def chain(a, x, b, y):
    """The affine map b*t + y after the map a*t + x."""
    return a * b, x * b + y


@triton.jit
def recurrence(a, x, h, steps, WIDTH: tl.constexpr, BLOCK: tl.constexpr):
    """h[t] = a[t] h[t-1] + x[t] in every column, as an associative scan."""
    t = tl.arange(0, BLOCK)[:, None]
    at = t * WIDTH + tl.arange(0, WIDTH)[None, :]
    decay = tl.load(a + at, mask=t < steps, other=1)
    _, state = tl.associative_scan((decay, tl.load(x + at, mask=t < steps, other=0)), 0, chain)
    tl.store(h + at, state, mask=t < steps)


@triton.jit
def histogram(x, bins, size, BLOCK: tl.constexpr, BINS: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    counts = tl.histogram(tl.load(x + i, mask=i < size, other=0), BINS, mask=i < size)
    tl.atomic_add(bins + tl.arange(0, BINS), counts)


@triton.jit
def extremes(x, largest, at, smallest, columns, BLOCK: tl.constexpr):
    """The largest value of a row, where it first is, and where the smallest first is."""
    row = tl.program_id(0)
    j = tl.arange(0, BLOCK)
    values = tl.load(x + row * columns + j, mask=j < columns, other=-float("inf"))
    value, index = tl.max(values, 0, return_indices=True)
    tl.store(largest + row, value)
    tl.store(at + row, index)
    tl.store(smallest + row, tl.argmin(tl.where(j < columns, values, float("inf")), 0))


@triton.jit
def gather_scatter(table, sources, targets, out, count, WIDTH: tl.constexpr, BLOCK: tl.constexpr):
    """out[targets[i]] += table[sources[i]]; rows may repeat."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    source = tl.load(sources + i, mask=i < count, other=0)
    target = tl.load(targets + i, mask=i < count, other=0)
    d = tl.arange(0, WIDTH)
    rows = tl.load(table + source[:, None] * WIDTH + d[None, :], mask=i[:, None] < count, other=0)
    tl.atomic_add(out + target[:, None] * WIDTH + d[None, :], rows, mask=i[:, None] < count)


@triton.jit
def permute(x, index, y, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    """tl.gather along a row: through shuffles or shared memory."""
    at = tl.arange(0, ROWS)[:, None] * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    tl.store(y + at, tl.gather(tl.load(x + at), tl.load(index + at), 1))


@triton.jit
def dropout(x, y, size, rate, seed, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    kept = tl.rand(seed, i) > rate
    value = tl.load(x + i, mask=i < size, other=0)
    tl.store(y + i, tl.where(kept, value / (1 - rate), 0.0), mask=i < size)


@triton.jit
def random_integers(y, size, seed, BLOCK: tl.constexpr):
    """Philox with ten rounds."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(y + i, tl.randint(seed, i), mask=i < size)


@triton.jit
def statistics(x, out, size, BLOCK: tl.constexpr):
    """In f64: the sum, the product of 1 + x, the largest magnitude, the number of negative values."""
    total = tl.zeros((BLOCK,), dtype=tl.float64)
    product = tl.full((BLOCK,), 1, dtype=tl.float64)
    largest = tl.zeros((BLOCK,), dtype=tl.float64)
    negative = tl.zeros((BLOCK,), dtype=tl.int64)
    for start in range(0, size, BLOCK):
        i = start + tl.arange(0, BLOCK)
        value = tl.load(x + i, mask=i < size, other=0)
        total += value
        product *= 1 + value
        largest = tl.maximum(largest, tl.abs(value))
        negative += (value < 0).to(tl.int64)
    tl.store(out, tl.sum(total, 0))
    tl.store(out + 1, tl.reduce(product, 0, multiply))
    tl.store(out + 2, tl.max(largest, 0))
    tl.store(out + 3, tl.sum(negative, 0).to(tl.float64))


@triton.jit
def multiply(a, b):
    return a * b


@triton.jit
def transpose(x, y, rows, columns, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    j = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = (i[:, None] < rows) & (j[None, :] < columns)
    tile = tl.load(x + i[:, None] * columns + j[None, :], mask=inside)
    tl.store(y + j[:, None] * rows + i[None, :], tl.trans(tile), mask=tl.trans(inside))


@triton.jit
def convolution(x, w, y, height, width, channels, outputs, SIZE: tl.constexpr, BLOCK_P: tl.constexpr,
                BLOCK_C: tl.constexpr, BLOCK_O: tl.constexpr):
    """SIZE by SIZE, stride 1, zeros around: x[height, width, channels], w[SIZE, SIZE, channels, outputs]."""
    p = tl.program_id(0) * BLOCK_P + tl.arange(0, BLOCK_P)
    o = tl.program_id(1) * BLOCK_O + tl.arange(0, BLOCK_O)
    row = p // width
    column = p % width
    total = tl.zeros((BLOCK_P, BLOCK_O), dtype=tl.float32)
    for dy in range(SIZE):
        for dx in range(SIZE):
            r = row + dy - SIZE // 2
            q = column + dx - SIZE // 2
            inside = (r >= 0) & (r < height) & (q >= 0) & (q < width) & (row < height)
            for start in range(0, channels, BLOCK_C):
                ch = start + tl.arange(0, BLOCK_C)
                values = tl.load(x + ((r * width + q) * channels)[:, None] + ch[None, :],
                                 mask=inside[:, None] & (ch[None, :] < channels), other=0)
                weights = tl.load(w + ((dy * SIZE + dx) * channels + ch)[:, None] * outputs + o[None, :],
                                  mask=(ch[:, None] < channels) & (o[None, :] < outputs), other=0)
                total = tl.dot(values, weights, total)
    tl.store(y + p[:, None] * outputs + o[None, :], total.to(tl.float16),
             mask=(row[:, None] < height) & (o[None, :] < outputs))


@triton.jit
def inline_assembly(x, y, size, BLOCK: tl.constexpr):
    """Bytes in the other order where x has a bit, 0x33333333 elsewhere; plus the sum of x's bytes."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + i, mask=i < size, other=0)
    result = tl.inline_asm_elementwise(
        """{
        .reg .b32 reversed, mixed;
        prmt.b32 reversed, $1, 0, 0x0123;
        lop3.b32 mixed, $1, reversed, 0x33333333, 0xca;
        dp4a.u32.u32 $0, $1, 0x01010101, mixed;
        }""", "=r,r", [value], dtype=tl.int32, is_pure=True, pack=1)
    tl.store(y + i, result, mask=i < size)


@triton.jit
def print_values(x, size, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.device_print("value", tl.load(x + i, mask=i < size, other=0))


@triton.jit
def check_values(x, y, size, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    value = tl.load(x + i, mask=i < size, other=0)
    tl.device_assert(value >= 0, "a value is negative", mask=i < size)
    tl.store(y + i, tl.sqrt_rn(value), mask=i < size)


@triton.jit
def mathematics(x, y, size, WHICH: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + i, mask=i < size, other=1)
    if WHICH == "sin":
        result = tl.sin(value)
    elif WHICH == "log":
        result = tl.log(value)
    elif WHICH == "erf":
        result = tl.erf(value)
    elif WHICH == "sigmoid":
        result = tl.sigmoid(value)
    elif WHICH == "rsqrt":
        result = tl.rsqrt(value)
    tl.store(y + i, result, mask=i < size)
