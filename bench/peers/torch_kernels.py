"""PyTorch (CPU) timings of what torch_peer.py has not: the single kernels under a training step and a simulation.

Usage: python3 torch_kernels.py [threads] [case ...]      (default: all cores, all cases)

One JSON line per case on stdout, as torch_peer.py prints them: `ms` is the median, `min_ms` the best run. Convolutions are timed in both
memory layouts: in the usual one, which torch_peer.py's network has, as `torch`, and with channels last as `torch_channels_last`. Where
PyTorch has several ways to do the same, the fastest is reported. It has no mass assignment; that is composed of index operations.
"""
import json, sys, time
import torch
import torch.nn.functional as F

threads = int(sys.argv[1]) if len(sys.argv) > 1 else torch.get_num_threads()
asked = sys.argv[2:]
torch.set_num_threads(threads)
torch.manual_seed(0)


def wanted(name):
    return not asked or name in asked


def timed(fn, runs, warm):
    for _ in range(warm):
        fn()
    times = []
    for _ in range(runs):
        t = time.perf_counter()
        fn()
        times.append(time.perf_counter() - t)
    return sorted(times)


def report(name, fns, runs=30, warm=8, peer="torch", **extra):
    """Times the fastest of some equal functions."""
    if not wanted(name):
        return
    times = min((timed(fn, runs, warm) for fn in fns), key=lambda t: t[0])
    print(json.dumps(dict(peer=peer + "-" + torch.__version__, case=name, threads=threads,
                          ms=round(times[len(times) // 2] * 1e3, 5), min_ms=round(times[0] * 1e3, 5), **extra)), flush=True)


# --- matrix products in double precision
for n in (256, 512, 1024, 2048):
    if wanted(f"dgemm_{n}x{n}x{n}"):
        a, b = torch.randn(n, n, dtype=torch.float64), torch.randn(n, n, dtype=torch.float64)
        report(f"dgemm_{n}x{n}x{n}", [lambda: a @ b], runs=12 if n > 1024 else 30, warm=3, gflop=2e-9 * n ** 3)

# --- rows
v = torch.randn(4096, 256)
report("logsumexp_4096x256", [lambda: torch.logsumexp(v, 1)])
report("layer_norm_4096x256", [lambda: F.layer_norm(v, (256,))])

# --- reductions over several axes; the maps of the last one have their channels last
if any(wanted(n) for n in ("sum_axes_64x128x256", "max_axes_64x128x256", "mean_batch_32x64x64x32")):
    v = torch.randn(64, 128, 256)
    report("sum_axes_64x128x256", [lambda: v.sum((0, 2))])
    report("max_axes_64x128x256", [lambda: v.amax((0, 2))])
    v = torch.randn(32, 64, 64, 32)
    report("mean_batch_32x64x64x32", [lambda: v.mean((0, 1, 2))])

# --- up-sampling and overlapping pools of 32 maps of 32 channels, in both memory layouts
for name, size, f in (("upsample_linear_{}", 32, lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)),
                      ("maxpool_3x3_s2_{}", 64, lambda x: F.max_pool2d(x, 3, 2, 1))):
    if not (wanted(name.format("forward")) or wanted(name.format("backward"))):
        continue
    for peer, layout in (("torch", torch.contiguous_format), ("torch_channels_last", torch.channels_last)):
        x = torch.randn(32, 32, size, size).to(memory_format=layout).requires_grad_()
        y = f(x)
        g = torch.randn_like(y)
        with torch.no_grad():
            report(name.format("forward"), [lambda: f(x)], runs=20, warm=3, peer=peer)
        report(name.format("backward"), [lambda: torch.autograd.grad(y, (x,), g, retain_graph=True)], runs=20, warm=3, peer=peer)

# --- one 3x3 convolution of a batch of 32, zero padding; backward is the gradient of weights and (but for one channel) of the input
for c, k, h in ((1, 32, 64), (32, 32, 64), (32, 64, 32), (64, 64, 32), (64, 128, 16), (128, 128, 16)):
    name = f"conv_C{c}_K{k}_{h}"
    if not (wanted(name + "_forward") or wanted(name + "_backward")):
        continue
    gflop = 2e-9 * 32 * h * h * 9 * c * k
    for peer, layout in (("torch", torch.contiguous_format), ("torch_channels_last", torch.channels_last)):
        x = torch.randn(32, c, h, h).to(memory_format=layout).requires_grad_(c > 1)
        w = (torch.randn(k, c, 3, 3) / (9 * c) ** 0.5).to(memory_format=layout).requires_grad_()
        y = F.conv2d(x, w, padding=1)
        g = torch.randn_like(y)
        with torch.no_grad():
            report(name + "_forward", [lambda: F.conv2d(x, w, padding=1)], runs=12, warm=3, peer=peer, gflop=gflop)
        report(name + "_backward", [lambda: torch.autograd.grad(y, (x, w) if c > 1 else (w,), g, retain_graph=True)],
               runs=12, warm=3, peer=peer, gflop=gflop * (2 if c > 1 else 1))

# --- inverse real transforms
for n in (64, 128, 256):
    if wanted(f"irfftn_{n}"):
        f = torch.fft.rfftn(torch.randn(n, n, n))
        report(f"irfftn_{n}", [lambda: torch.fft.irfftn(f, s=(n, n, n))], runs=10, warm=2)

# --- gather and scatter-add: single numbers at random places, and rows of 64
million = 1 << 20
if any(wanted(n) for n in ("gather_1M", "scatter_add_1M", "gather_rows_64Kx64", "scatter_add_rows_64Kx64")):
    x, ix = torch.randn(million), torch.randint(0, million, (million,))
    few = torch.randint(0, 1 << 16, (million,))
    rows, places = torch.randn(1 << 16, 64), torch.randint(0, 1 << 16, (1 << 16,))
    report("gather_1M", [lambda: x[ix], lambda: x.index_select(0, ix), lambda: torch.gather(x, 0, ix)])
    report("scatter_add_1M", [lambda: torch.zeros(1 << 16).index_add_(0, few, x), lambda: torch.zeros(1 << 16).scatter_add_(0, few, x)])
    report("gather_rows_64Kx64", [lambda: rows[places], lambda: rows.index_select(0, places)])
    report("scatter_add_rows_64Kx64", [lambda: torch.zeros(1 << 16, 64).index_add_(0, places, rows)])

# --- cloud-in-cell mass assignment and read-out: a particle per cell of a periodic mesh of 128³, in lattice order, displaced by up to a cell
if any(wanted(n) for n in ("cic_paint_128", "cic_read_128", "cic_paint_read_128")):
    n = 128
    q = torch.stack(torch.meshgrid(*[torch.arange(n, dtype=torch.float32)] * 3, indexing="ij"), -1).reshape(-1, 3)
    pos = q + torch.rand(n ** 3, 3)
    mesh = torch.randn(n ** 3)

    def corners():
        base = pos.floor()
        near = pos - base
        far = 1 - near
        base = base.long()
        axes = [((base[:, d] % n, far[:, d]), ((base[:, d] + 1) % n, near[:, d])) for d in range(3)]
        for i, wi in axes[0]:
            for j, wj in axes[1]:
                for k, wk in axes[2]:
                    yield (i * n + j) * n + k, wi * wj * wk

    def paint():
        out = torch.zeros(n ** 3)
        for at, weight in corners():
            out.index_add_(0, at, weight)
        return out

    def read():
        return sum(mesh[at] * weight for at, weight in corners())

    report("cic_paint_128", [paint], runs=5, warm=1)
    report("cic_read_128", [read], runs=5, warm=1)
    report("cic_paint_read_128", [lambda: (paint(), read())], runs=5, warm=1)
