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
        smooth(in, 0, 1, in.length, out, kernel(h));
        return out;
    }

    /// A square grid, `[row * n + column]`, along the rows with `h` and along the columns with `g`.
    static double[] smooth(double[] in, int n, double h, double g) {
        double[] k = kernel(h);
        double[] across = new double[n * n];
        for (int i = 0; i < n; i++) smooth(in, i * n, 1, n, across, k);
        k = kernel(g);
        double[] out = new double[n * n];
        for (int j = 0; j < n; j++) smooth(across, j, n, n, out, k);
        return out;
    }

    private static void smooth(double[] in, int offset, int stride, int n, double[] out, double[] k) {
        for (int i = 0; i < n; i++) {
            double value = in[offset + i * stride];
            if (value == 0) continue;
            int reach = k.length - 1;
            for (int j = Math.max(0, i - reach); j <= Math.min(n - 1, i + reach); j++)
                out[offset + j * stride] += value * k[Math.abs(i - j)];
        }
    }
}
