package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import org.cosmograd.autodiff.DType;

/// The largest element of each window: taking the same place of another tensor, or adding something there.
public final class LargestPlaces implements DenseTask.Work {
    private final boolean routes;
    private final int n;
    private final int[] input;
    private final int[] output;
    private final int channels;
    private final int[] size;
    private final int[] stride;
    private final int[] low;
    private final Workers.Task images = this::image;
    private Object[] arrays = {};
    private int[] bases = {};

    private LargestPlaces(boolean routes, int n, int[] input, int[] output, int channels, int[] size, int[] stride, int[] low) {
        this.routes = routes;
        this.n = n;
        this.input = lift(input, 1);
        this.output = lift(output, 1);
        this.channels = channels;
        this.size = lift(size, 1);
        this.stride = lift(stride, 1);
        this.low = lift(low, 0);
    }

    private static int[] lift(int[] x, int fill) {
        int[] out = new int[3];
        Arrays.fill(out, fill);
        System.arraycopy(x, 0, out, 3 - x.length, x.length);
        return out;
    }

    /// `y[o] = t[i]` for operands `x`, `t` and `y`, where `i` is the place of the largest `x` in window `o`.
    public static DenseTask.Work pick(int n, int[] input, int[] output, int channels, int[] size, int[] stride, int[] low) {
        return new LargestPlaces(false, n, input, output, channels, size, stride, low);
    }

    /// `y[i] += g[o]` from zero, for operands `x`, `g` and `y`, windows in row-major order.
    public static DenseTask.Work route(DType type, int n, int[] input, int[] output, int channels, int[] size, int[] stride, int[] low) {
        LargestPlaces plain = new LargestPlaces(true, n, input, output, channels, size, stride, low);
        return RouteLoops.of(type, n, plain.input, plain.output, channels, plain.size, plain.stride, plain.low).orElse(plain);
    }

    @Override
    public void run(Object[] arrays, int[] bases) {
        this.arrays = arrays;
        this.bases = bases;
        Workers.run(n, images);
    }

    private void image(int image) {
        int places = input[0] * input[1] * input[2] * channels;
        if (routes) {
            Storage.zero(arrays[2], bases[2] + image * places, places);
        }
        int o = image * output[0] * output[1] * output[2];
        for (int i = 0; i < output[0]; i++) {
            for (int j = 0; j < output[1]; j++) {
                for (int k = 0; k < output[2]; k++) {
                    window(image, i * stride[0] - low[0], j * stride[1] - low[1], k * stride[2] - low[2], o++ * channels);
                }
            }
        }
    }

    private void window(int image, int i, int j, int k, int o) {
        int i0 = Math.max(i, 0);
        int i1 = Math.min(i + size[0], input[0]);
        int j0 = Math.max(j, 0);
        int j1 = Math.min(j + size[1], input[1]);
        int k0 = Math.max(k, 0);
        int k1 = Math.min(k + size[2], input[2]);
        int first = ((image * input[0] + i0) * input[1] + j0) * input[2] + k0;
        if (arrays[0] instanceof float[] x) {
            floats(x, first * channels, i1 - i0, j1 - j0, k1 - k0, o);
        } else {
            doubles((double[]) arrays[0], first * channels, i1 - i0, j1 - j0, k1 - k0, o);
        }
    }

    private void floats(float[] x, int first, int ni, int nj, int nk, int o) {
        float[] t = (float[]) arrays[1];
        float[] y = (float[]) arrays[2];
        int row = input[2] * channels;
        int base = bases[0] + first;
        for (int c = 0; c < channels; c++) {
            int where = 0;
            float best = x[base + c];
            for (int i = 0; i < ni; i++) {
                for (int j = 0; j < nj; j++) {
                    int at = (i * input[1] + j) * row;
                    for (int k = 0; k < nk; k++) {
                        float v = x[base + c + at];
                        // a choice without a branch: which element is largest cannot be foreseen
                        where = v > best ? at : where;
                        best = v > best ? v : best;
                        at += channels;
                    }
                }
            }
            if (routes) {
                y[bases[2] + first + where + c] += t[bases[1] + o + c];
            } else {
                y[bases[2] + o + c] = t[bases[1] + first + where + c];
            }
        }
    }

    private void doubles(double[] x, int first, int ni, int nj, int nk, int o) {
        double[] t = (double[]) arrays[1];
        double[] y = (double[]) arrays[2];
        int row = input[2] * channels;
        int base = bases[0] + first;
        for (int c = 0; c < channels; c++) {
            int where = 0;
            double best = x[base + c];
            for (int i = 0; i < ni; i++) {
                for (int j = 0; j < nj; j++) {
                    int at = (i * input[1] + j) * row;
                    for (int k = 0; k < nk; k++) {
                        double v = x[base + c + at];
                        // a choice without a branch: which element is largest cannot be foreseen
                        where = v > best ? at : where;
                        best = v > best ? v : best;
                        at += channels;
                    }
                }
            }
            if (routes) {
                y[bases[2] + first + where + c] += t[bases[1] + o + c];
            } else {
                y[bases[2] + o + c] = t[bases[1] + first + where + c];
            }
        }
    }

}
