package org.cosmograd.autodiff.kernel;

import java.util.Arrays;

/// The sizes of a convolution with its axes lifted to three, leading ones of size 1.
///
/// @param n        images
/// @param input    spatial sizes of the input
/// @param c        input channels
/// @param kernel   spatial sizes of the kernel
/// @param output   spatial sizes of the result
/// @param q        output channels
/// @param stride   for each axis, elements of the input from one place of the result to the next
/// @param low      for each axis, zeros before the input
/// @param dilation for each axis, elements of the input from one element of the kernel to the next
/// @param groups   groups of channels
public record ConvShape(int n, int[] input, int c, int[] kernel, int[] output, int q, int[] stride, int[] low, int[] dilation,
        int groups) {

    /// Lifts the axes. Axes along which a kernel of size 1 only passes over the input are merged, so that rows are long.
    public static ConvShape of(int n, int[] input, int c, int[] kernel, int[] output, int q, int[] stride, int[] low, int[] dilation,
            int groups) {
        int[] in = lift(input, 1);
        int[] k = lift(kernel, 1);
        int[] out = lift(output, 1);
        int[] s = lift(stride, 1);
        int[] l = lift(low, 0);
        int[] d = lift(dilation, 1);
        while (passes(2, in, k, out, s) && passes(1, in, k, out, s) && in[0] * in[1] > 1) {
            in[2] *= in[1];
            out[2] *= out[1];
            for (int[] x : new int[][] {in, k, out, s, l, d}) {
                x[1] = x[0];
                x[0] = x == l ? 0 : 1;
            }
        }
        if (passes(2, in, k, out, s) && in[0] * in[1] == 1) {
            in[2] *= n;
            out[2] *= n;
            n = 1;
        }
        return new ConvShape(n, in, c, k, out, q, s, l, d, groups);
    }

    private static boolean passes(int axis, int[] in, int[] k, int[] out, int[] s) {
        return k[axis] == 1 && s[axis] == 1 && in[axis] == out[axis];
    }

    private static int[] lift(int[] x, int fill) {
        int[] out = new int[3];
        Arrays.fill(out, fill);
        System.arraycopy(x, 0, out, 3 - x.length, x.length);
        return out;
    }

    /// Multiply-adds of the convolution and of each of its gradients, those with zeros included.
    public double work() {
        return (double) n * output[0] * output[1] * output[2] * q * kernel[0] * kernel[1] * kernel[2] * (c / groups);
    }

    @Override
    public String toString() {
        boolean depthwise = groups > 1 && groups == c && groups == q;
        return (depthwise ? "depthwise convolution " : "convolution ") + Arrays.toString(kernel) + " of " + n + " x " + Arrays.toString(input)
                + " x " + c + (depthwise ? "" : " -> " + q);
    }
}
