package org.cosmograd.sbi.plot;

/// Convolution with a Gaussian on a regular grid, zero outside.
final class Gaussian {

    private Gaussian() {}

    /// Half of the kernel, from the centre outwards, to four standard deviations; it sums to 1 with its mirror image.
    private static double[] kernel(double h) {
        int reach = (int) Math.ceil(4 * h);
        double[] k = new double[reach + 1];
        double sum = 0;
        for (int i = 0; i <= reach; i++) {
            k[i] = Math.exp(-0.5 * i * i / (h * h));
            sum += i == 0 ? k[i] : 2 * k[i];
        }
        for (int i = 0; i <= reach; i++) k[i] /= sum;
        return k;
    }

    /// @param h standard deviation in cells
    static double[] smooth(double[] in, double h) {
        double[] out = new double[in.length];
        rows(in, in.length, 1, out, kernel(h));
        return out;
    }

    /// A square grid, `[row * n + column]`, along the rows with `h` and along the columns with `g`.
    static double[] smooth(double[] in, int n, double h, double g) {
        double[] across = new double[n * n];
        rows(in, n, n, across, kernel(h));
        double[] k = kernel(g);
        double[] out = new double[n * n];
        for (int i = 0; i < n; i++)
            for (int j = Math.max(0, i - k.length + 1); j <= Math.min(n - 1, i + k.length - 1); j++)
                add(across, i * n, k[Math.abs(i - j)], out, j * n, n);
        return out;
    }

    private static void rows(double[] in, int n, int rows, double[] out, double[] k) {
        for (int row = 0; row < rows; row++) {
            int at = row * n;
            add(in, at, k[0], out, at, n);
            for (int d = 1; d < Math.min(k.length, n); d++) {
                add(in, at, k[d], out, at + d, n - d);
                add(in, at + d, k[d], out, at, n - d);
            }
        }
    }

    /// `out += factor · in`, in a form that the compiler turns into vector instructions.
    private static void add(double[] in, int from, double factor, double[] out, int to, int n) {
        for (int i = 0; i < n; i++) out[to + i] += factor * in[from + i];
    }
}
