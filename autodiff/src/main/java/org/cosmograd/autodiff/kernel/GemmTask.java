package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.Optional;
import org.cosmograd.autodiff.DType;

/// Matrix products over all indices of leading axes.
///
/// Products too small to be shared by threads one by one are shared as groups of whole products.
public final class GemmTask implements Task {
    /// One matrix product.
    ///
    /// @param type type of the elements
    /// @param m rows of the first factor
    /// @param n columns of the second
    /// @param k what both have in common
    /// @param a first factor, with two strides
    /// @param b second factor, with two strides
    public record Factors(DType type, int m, int n, int k, Operand a, Operand b) {
        /// The transposed product: `(A·B)ᵀ = BᵀAᵀ`.
        Factors transposed() {
            return new Factors(type, n, m, k, turned(b), turned(a));
        }
    }

    /// A matrix with its axes exchanged.
    private static Operand turned(Operand o) {
        return new Operand(o.buffer(), o.offset(), new int[] {o.strides()[1], o.strides()[0]});
    }

    /// Multiply-adds of one product from which on its rows are shared rather than the batch.
    private static final long LARGE = 4_000_000;
    /// Multiply-adds of a whole batch below which a hand-over to a second thread costs more than it saves.
    private static final long WORTH_SHARING = 400_000;
    private static final int GROUPS = 16;

    private final int[] batch;
    private final int batches;
    private final int groups;
    private final int m;
    private final int n;
    private final int k;
    private final Operand a;
    private final Operand b;
    private final Operand c;
    private final Object[] arrays = new Object[3];
    private final int[] bases = new int[3];
    private final Gemm.RowBlock finished;
    private final Optional<FittedProduct> fitted;
    private final Workers.Task grouping = this::group;

    /// `C = A·B`; operands have strides for the axes `batch` and then for their two own axes.
    public GemmTask(DType type, int[] batch, int m, int n, int k, Operand a, Operand b, Operand c) {
        this(type, batch, m, n, k, a, b, c, Gemm.NOTHING);
    }

    /// One product, put in `c`, whose rows `finished` hears of.
    public GemmTask(Factors f, Operand c, Gemm.RowBlock finished) {
        this(f.type, new int[0], f.m, f.n, f.k, f.a, f.b, c, finished);
    }

    private GemmTask(DType type, int[] batch, int m, int n, int k, Operand a, Operand b, Operand c, Gemm.RowBlock finished) {
        this.finished = finished;
        int[][] strides = {lead(a), lead(b), lead(c)};
        int[] axes = Axes.merge(batch, strides, 0);
        int r = a.strides().length;
        int rows = m;
        // Products that share B, in an A and a C whose batches continue their rows, are one product of more rows.
        int last = axes.length - 1;
        if (strides[1][last] == 0 && strides[0][last] == m * a.strides()[r - 2] && strides[2][last] == m * c.strides()[r - 2]) {
            rows = m * axes[last];
            axes = Arrays.copyOf(axes, last);
            for (int i = 0; i < 3; i++) {
                strides[i] = Arrays.copyOf(strides[i], last);
            }
        }
        this.batch = axes;
        this.batches = Axes.product(axes, axes.length);
        this.m = rows;
        this.n = n;
        this.k = k;
        this.a = joined(a, strides[0]);
        this.b = joined(b, strides[1]);
        this.c = joined(c, strides[2]);
        Factors f = new Factors(type, rows, n, k, matrix(a), matrix(b));
        this.fitted = batches == 1 && finished == Gemm.NOTHING ? FittedProduct.of(f, matrix(c)) : Optional.empty();
        long each = (long) rows * n * k;
        this.groups = batches == 1 || each >= LARGE || each * batches < WORTH_SHARING ? 1 : Math.min(batches, GROUPS);
    }

    /// The first matrix of a batch.
    private static Operand matrix(Operand o) {
        int r = o.strides().length;
        return new Operand(o.buffer(), o.offset(), new int[] {o.strides()[r - 2], o.strides()[r - 1]});
    }

    private static int[] lead(Operand o) {
        return Arrays.copyOf(o.strides(), o.strides().length - 2);
    }

    private static Operand joined(Operand o, int[] lead) {
        int r = o.strides().length;
        int[] s = Axes.insert(Axes.insert(lead, lead.length, o.strides()[r - 2]), lead.length + 1, o.strides()[r - 1]);
        return new Operand(o.buffer(), o.offset(), s);
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, a, b, c);
        if (fitted.isPresent()) {
            fitted.get().bind(memory);
        }
    }

    @Override
    public void run() {
        if (fitted.isPresent() && fitted.get().isReady()) {
            fitted.get().run();
        } else if (groups == 1) {
            group(0);
        } else {
            Workers.run(groups, grouping);
        }
    }

    private void group(int group) {
        int r = batch.length;
        int end = (int) ((long) batches * (group + 1) / groups);
        for (int i = (int) ((long) batches * group / groups); i < end; i++) {
            Gemm.product(m, n, k, arrays[0], bases[0] + Axes.advance(batch, r, a.strides(), i), a.strides()[r], a.strides()[r + 1],
                    arrays[1], bases[1] + Axes.advance(batch, r, b.strides(), i), b.strides()[r], b.strides()[r + 1],
                    arrays[2], bases[2] + Axes.advance(batch, r, c.strides(), i), c.strides()[r], c.strides()[r + 1], false,
                    finished);
        }
    }

    @Override
    public String toString() {
        return "gemm " + (batches > 1 ? batches + " x " : "") + m + " x " + n + " x " + k;
    }
}
