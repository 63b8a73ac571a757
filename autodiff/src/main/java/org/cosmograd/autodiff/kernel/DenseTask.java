package org.cosmograd.autodiff.kernel;

import java.util.List;

/// A step on operands that lie in row-major order without gaps; the last operand is the result.
public final class DenseTask implements Task {
    /// The work, on arrays and the places in them where the operands begin.
    public interface Work {
        /// Does it.
        void run(Object[] arrays, int[] bases);
    }

    private final String name;
    private final Work work;
    private final Operand[] operands;
    private final Object[] arrays;
    private final int[] bases;

    /// The work `work` on these operands.
    public DenseTask(String name, Work work, List<Operand> operands) {
        this.name = name;
        this.work = work;
        this.operands = operands.toArray(Operand[]::new);
        this.arrays = new Object[operands.size()];
        this.bases = new int[operands.size()];
    }

    @Override
    public void bind(Memory memory) {
        Operand.bind(memory, arrays, bases, operands);
    }

    @Override
    public void run() {
        work.run(arrays, bases);
    }

    @Override
    public String toString() {
        return name;
    }
}
