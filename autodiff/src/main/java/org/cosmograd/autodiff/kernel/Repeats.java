package org.cosmograd.autodiff.kernel;

import java.util.Arrays;

/// Each place of an image repeated as a block: rows are widened once and then copied.
public final class Repeats implements DenseTask.Work {
    private final int[] input;
    private final int[] factors;
    private final int channels;
    private final int rows;
    private final Workers.Task planes = this::row;
    private Object[] arrays = {};
    private int[] bases = {};

    private Repeats(int n, int[] input, int[] factors, int channels) {
        this.input = lift(input);
        this.factors = lift(factors);
        this.channels = channels;
        this.rows = n * this.input[0] * this.input[1];
    }

    private static int[] lift(int[] x) {
        int[] out = new int[3];
        Arrays.fill(out, 1);
        System.arraycopy(x, 0, out, 3 - x.length, x.length);
        return out;
    }

    /// `y[n, i, c] = x[n, ⌊i/f⌋, c]` for `n` images of spatial sizes `input`.
    public static DenseTask.Work of(int n, int[] input, int[] factors, int channels) {
        return new Repeats(n, input, factors, channels);
    }

    @Override
    public void run(Object[] arrays, int[] bases) {
        this.arrays = arrays;
        this.bases = bases;
        Workers.run(rows, planes);
    }

    /// The block of rows that one row of the source becomes.
    private void row(int number) {
        int from = bases[0] + number * input[2] * channels;
        int length = input[2] * factors[2] * channels;
        int row = number % input[1];
        int plane = number / input[1];
        int to = bases[1] + (plane * factors[0] * input[1] + row) * factors[1] * length;
        int at = to;
        for (int i = 0; i < input[2]; i++) {
            for (int k = 0; k < factors[2]; k++) {
                System.arraycopy(arrays[0], from, arrays[1], at, channels);
                at += channels;
            }
            from += channels;
        }
        int whole = input[1] * factors[1] * length;
        for (int i = 0; i < factors[0]; i++) {
            for (int j = i == 0 ? 1 : 0; j < factors[1]; j++) {
                System.arraycopy(arrays[1], to, arrays[1], to + i * whole + j * length, length);
            }
        }
    }
}
