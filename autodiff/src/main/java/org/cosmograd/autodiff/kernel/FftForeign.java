package org.cosmograd.autodiff.kernel;

import java.util.List;
import org.jtransforms.fft.DoubleFFT_1D;
import org.jtransforms.fft.FloatFFT_1D;
import org.jtransforms.utils.CommonUtils;

/// Transforms of lengths with prime factors above 5, by JTransforms, one sequence after the other.
final class FftForeign implements FftAxis {
    static {
        // The pool of threads is ours, and results do not depend on it.
        CommonUtils.setThreadsBeginN_1D_FFT_2Threads(Integer.MAX_VALUE);
        CommonUtils.setThreadsBeginN_1D_FFT_4Threads(Integer.MAX_VALUE);
    }

    private final int n;
    private final Transform transform;

    private interface Transform {
        void run(Object numbers, int at);
    }

    FftForeign(boolean doubles, int n) {
        this.n = n;
        if (doubles) {
            DoubleFFT_1D f = new DoubleFFT_1D(n);
            transform = (numbers, at) -> f.complexForward((double[]) numbers, at);
        } else {
            FloatFFT_1D f = new FloatFFT_1D(n);
            transform = (numbers, at) -> f.complexForward((float[]) numbers, at);
        }
    }

    @Override
    public int n() {
        return n;
    }

    @Override
    public List<FftLoops.Name> loops() {
        return List.of();
    }

    @Override
    public void use(List<FftLoop> loops) {}

    @Override
    public int target(int first, int second) {
        return first;
    }

    @Override
    public int room(int lanes) {
        return FftAxis.super.room(lanes) + 2 * n;
    }

    @Override
    public void run(boolean simd, int lanes, Object x, int xRe, int xIm, int xStep, Object y, int yRe, int yIm, int yStep,
            Object buffer, int first, int second) {
        int one = first + FftAxis.super.room(lanes);
        for (int l = 0; l < lanes; l++) {
            copy(x, xRe + l, xStep, buffer, one, 2);
            copy(x, xIm + l, xStep, buffer, one + 1, 2);
            transform.run(buffer, one);
            copy(buffer, one, 2, y, yRe + l, yStep);
            copy(buffer, one + 1, 2, y, yIm + l, yStep);
        }
    }

    private void copy(Object x, int xAt, int xStep, Object y, int yAt, int yStep) {
        if (x instanceof float[] from) {
            float[] to = (float[]) y;
            for (int i = 0; i < n; i++) {
                to[yAt + i * yStep] = from[xAt + i * xStep];
            }
        } else {
            double[] from = (double[]) x;
            double[] to = (double[]) y;
            for (int i = 0; i < n; i++) {
                to[yAt + i * yStep] = from[xAt + i * xStep];
            }
        }
    }
}
