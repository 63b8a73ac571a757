package org.cosmograd.autodiff.kernel;

import java.util.concurrent.ConcurrentHashMap;

/// The kernels of all loops, made on demand and kept.
///
/// A kernel of one operation runs as its scalar twin at once, one of several operations on the kernels of these ([TileLoop]). When it has
/// done enough work, its SIMD twin is generated and made hot in the background ([Warmer]), and then takes over; bits do not change. The
/// cache carries no meaning: it changes speed only.
///
/// System properties: `cosmograd.simd=false` keeps everything scalar; `cosmograd.simd.bits` sets the vector width.
public final class Loops {
    private Loops() {}

    private static final System.Logger LOG = System.getLogger("org.cosmograd.autodiff");

    /// Element operations (times ops per element) after which a kernel counts as hot: about one or two milliseconds of scalar work.
    static final long HOT = 10_000_000;

    /// Elements that an operation of a call costs as much as, however few it has.
    private static final int CALL = 64;

    static final boolean SIMD = simdAvailable();

    private static final ConcurrentHashMap<LoopSpec, Tiered> KERNELS = new ConcurrentHashMap<>();

    private static boolean simdAvailable() {
        if ("false".equals(System.getProperty("cosmograd.simd"))) {
            return false;
        }
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            LOG.log(System.Logger.Level.WARNING,
                    "cosmograd: kernels run without SIMD; add --add-modules jdk.incubator.vector to the java command");
            return false;
        }
        // elsewhere vectors are objects, a hundred times slower than scalar code
        return System.getProperty("java.vm.name", "").contains("HotSpot") || System.getProperty("java.vm.name", "").contains("OpenJDK");
    }

    /// The kernel of `spec`.
    public static LoopKernel kernel(LoopSpec spec) {
        return tiered(spec);
    }

    /// The kernel of `spec` for `rows` rows of `n` elements: one for this length alone where that is faster. For a single element that is the
    /// scalar twin.
    public static LoopKernel kernel(LoopSpec spec, int rows, int n) {
        boolean single = SIMD && rows == 1 && n == 1 && LoopEmitter.vectorizable(spec);
        return tiered(single || rows >= FEW_ROWS && LoopEmitter.prefersLength(spec, n) ? spec.ofLength(n) : spec);
    }

    /// The kernel of `spec` whose rows stand for `depth` rows ([LoopSpec#depth]) of `n` elements.
    static LoopKernel deep(LoopSpec spec, int depth, int n) {
        return kernel(spec.ofDepth(depth), spec.partialRows(), n);
    }

    /// Fewer rows than this do not pay for a kernel of their own.
    private static final int FEW_ROWS = 8;

    private static Tiered tiered(LoopSpec spec) {
        Tiered known = KERNELS.get(spec);
        if (known == null) {
            // outside of the map's lock: a kernel may ask for others; the twin that runs first serves all lengths
            Tiered made = new Tiered(spec, spec.length() > 0 ? tiered(spec.ofLength(0)).first : Tiered.first(spec));
            known = KERNELS.putIfAbsent(spec, made);
            return known == null ? made : known;
        }
        return known;
    }

    /// An estimate of the bytes of bytecode of a loop. HotSpot never compiles a method of more than 8000: keep groups below
    /// [#COST_LIMIT].
    public static int cost(LoopSpec spec) {
        return LoopEmitter.cost(spec);
    }

    /// See [#cost].
    public static final int COST_LIMIT = LoopEmitter.BYTE_LIMIT;

    /// A kernel that becomes faster.
    static final class Tiered implements LoopKernel {
        private final LoopKernel first;
        private final int operations;
        private final Twins<LoopKernel> twins;
        private long work; // lost updates between threads do not matter

        Tiered(LoopSpec spec, LoopKernel first) {
            this.first = first;
            this.operations = LoopEmitter.operations(spec);
            this.twins = new Twins<>(first, new LoopTrial(spec, () -> work));
        }

        /// What runs a loop until its SIMD twin is hot.
        static LoopKernel first(LoopSpec spec) {
            if (spec.depth() > 1) {
                return new LayerLoop(spec, tiered(spec.ofDepth(1)).first);
            }
            return SIMD && spec.body().size() > 1 && LoopEmitter.vectorizable(spec) ? new TileLoop(spec) : LoopEmitter.scalar(spec);
        }

        @Override
        public void run(Object[] arrays, int[] geometry, int rowBegin, int rowEnd, int n) {
            LoopKernel kernel = twins.now();
            kernel.run(arrays, geometry, rowBegin, rowEnd, n);
            if (kernel == first && SIMD) {
                count(Math.max(CALL, (long) (rowEnd - rowBegin) * n) * operations);
            }
        }

        private void count(long done) {
            work += done;
            if (work > HOT) {
                twins.want();
            }
        }

        boolean isSimd() {
            return twins.isSimd();
        }
    }
}
