package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.cosmograd.autodiff.kernel.FftTask;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.api.Test;

/// Laws of Fourier transforms over awkward sizes, before and after vector loops are compiled.
class FourierTest {
    private static final List<int[]> SIZES = List.of(
            sizes(1), sizes(2), sizes(3), sizes(4), sizes(5), sizes(6), sizes(7), sizes(8), sizes(12), sizes(15), sizes(16), sizes(17),
            sizes(30), sizes(34), sizes(48), sizes(60), sizes(64), sizes(97), sizes(100), sizes(160), sizes(256), sizes(4, 4), sizes(3, 5),
            sizes(7, 6), sizes(17, 16), sizes(16, 17), sizes(20, 30), sizes(33, 34), sizes(64, 64), sizes(1, 8), sizes(8, 1), sizes(4, 4, 4),
            sizes(3, 4, 5), sizes(16, 16, 16), sizes(18, 17, 16), sizes(20, 12, 10), sizes(40, 16, 18), sizes(1, 1, 6), sizes(6, 1, 1),
            sizes(13, 16, 24));

    private static int[] sizes(int... dims) {
        return dims;
    }

    private static int product(int... dims) {
        return Arrays.stream(dims).reduce(1, (a, b) -> a * b);
    }

    private static Tensor field(DType type, int seed, int... dims) {
        Tensor x = Key.of(seed).normal(type, dims);
        return type == DType.F64 ? Tensor.of(Shape.of(dims), x.toDoubles()) : Tensor.of(Shape.of(dims), x.toFloats());
    }

    private static int[] batched(int batch, int[] dims) {
        return IntStream.concat(IntStream.of(batch), Arrays.stream(dims)).toArray();
    }

    /// The definition: real and imaginary parts in turn, all modes.
    private static double[] direct(double[] x, int[] dims) {
        double[] a = new double[2 * x.length];
        for (int i = 0; i < x.length; i++) {
            a[2 * i] = x[i];
        }
        int stride = 1;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            int n = dims[axis];
            double[] b = new double[a.length];
            for (int i = 0; i < x.length; i++) {
                int k = i / stride % n;
                for (int j = 0; j < n; j++) {
                    double angle = -2 * Math.PI * (k * j % n) / n;
                    double c = Math.cos(angle);
                    double s = Math.sin(angle);
                    int from = 2 * (i + (j - k) * stride);
                    b[2 * i] += a[from] * c - a[from + 1] * s;
                    b[2 * i + 1] += a[from] * s + a[from + 1] * c;
                }
            }
            a = b;
            stride *= n;
        }
        return a;
    }

    private static void checkSizes(DType type, double tolerance) {
        for (int[] dims : SIZES) {
            for (int batch : new int[] {1, 3, 19}) {
                int size = product(dims);
                if (size * batch > 12_000) {
                    continue;
                }
                String name = type + " " + batch + " x " + Arrays.toString(dims);
                Tensor x = field(type, 7, batched(batch, dims));
                Spectrum s = Fourier.rfft(x, dims.length);
                double[] numbers = x.toDoubles();
                double[] y = s.toStandard().toDoubles();
                int n = dims[dims.length - 1];
                int half = n / 2 + 1;
                double[] expected = new double[y.length];
                for (int b = 0; b < batch; b++) {
                    double[] whole = direct(Arrays.copyOfRange(numbers, b * size, (b + 1) * size), dims);
                    for (int i = 0; i < size / n * half; i++) {
                        for (int part = 0; part < 2; part++) {
                            expected[(part * batch + b) * size / n * half + i] = whole[2 * (i / half * n + i % half) + part];
                        }
                    }
                }
                assertArrayEquals(expected, y, tolerance * 8 * Math.sqrt(size), name);
                assertArrayEquals(numbers, s.inverse().toDoubles(), tolerance * 16, name + " and back");
                double squares = x.square().sum().item();
                assertEquals(squares, s.power().mul(s.weights()).sum().item() / size, tolerance * 20 * squares, name + ": Parseval");
                Tensor again = Spectrum.fromStandard(s.toStandard(), dims.length, n).planes();
                OperationLawsTest.assertBits(name + ": standard order and back", s.planes(), again);
            }
        }
    }

    @Test
    void transformsAreWhatTheyAreByDefinition() {
        for (int round = 0; round < 2; round++) {
            checkSizes(DType.F64, 2e-15);
            checkSizes(DType.F32, 1e-6);
            FftTask.awaitWarm();
        }
    }

    private static List<Tensor> manyTransforms(DType type) {
        return SIZES.stream()
                .flatMap(dims -> {
                    Tensor x = field(type, 3, batched(product(dims) > 1000 ? 2 : 37, dims));
                    Spectrum s = Fourier.rfft(x, dims.length);
                    return java.util.stream.Stream.of(s.planes(), s.inverse());
                })
                .toList();
    }

    /// Scalar loops run first, vector loops once they are compiled; chunks are shared or not.
    @Test
    void sameBitsForScalarAndVectorLoopsAndForAnyNumberOfThreads() {
        int before = Workers.threads();
        try {
            for (DType type : List.of(DType.F32, DType.F64)) {
                Workers.threads(1);
                List<Tensor> cold = manyTransforms(type);
                cold.forEach(Tensor::storage);
                FftTask.awaitWarm();
                for (int threads = 1; threads <= 3; threads++) {
                    Workers.threads(threads);
                    List<Tensor> hot = manyTransforms(type);
                    for (int i = 0; i < cold.size(); i++) {
                        OperationLawsTest.assertBits(cold.get(i).type() + " on " + threads + " threads", cold.get(i), hot.get(i));
                    }
                }
            }
        } finally {
            Workers.threads(before);
        }
    }

    @Test
    void aShiftTurnsPhases() {
        Tensor x = field(DType.F64, 5, 2, 12, 10);
        Tensor shifted = Tensor.concat(1, x.slice(1, 9, 12), x.slice(1, 0, 9));
        Spectrum s = Fourier.rfft(x, 2);
        Tensor phase = s.wavenumber(0, 12).mul(-3);
        assertArrayEquals(
                Fourier.rfft(shifted, 2).planes().toDoubles(), s.multiply(phase.cos(), phase.sin()).planes().toDoubles(), 1e-12);
    }

    @Test
    void derivativesOfWaves() {
        int n = 24;
        double box = 3;
        Tensor place = Tensor.linspace(0, box * (n - 1) / n, n).cast(DType.F64);
        double k = 2 * Math.PI / box;
        Tensor a = place.mul(2 * k).sin().reshape(n, 1, 1);
        Tensor b = place.mul(3 * k).cos().reshape(n, 1);
        Tensor c = place.mul(k).cos();
        Spectrum s = Fourier.rfft(a.mul(b).mul(c), 3);
        Tensor first = place.mul(2 * k).cos().mul(2 * k).reshape(n, 1, 1).mul(b).mul(c);
        Tensor second = a.mul(place.mul(3 * k).sin().mul(-3 * k).reshape(n, 1)).mul(c);
        Tensor third = a.mul(b).mul(place.mul(k).sin().mul(-k));
        assertArrayEquals(first.toDoubles(), s.derivative(0, box).inverse().toDoubles(), 1e-12);
        assertArrayEquals(second.toDoubles(), s.derivative(1, box).inverse().toDoubles(), 1e-12);
        assertArrayEquals(third.toDoubles(), s.derivative(-1, box).inverse().toDoubles(), 1e-12);
        Tensor field = a.mul(b).mul(c);
        assertArrayEquals(field.mul(-14 * k * k).toDoubles(), s.laplacian(box).inverse().toDoubles(), 1e-10);
        assertArrayEquals(field.toDoubles(), s.laplacian(box).inverseLaplacian(box, box, box).inverse().toDoubles(), 1e-12);
    }

    @Test
    void productsAreConvolutions() {
        int n = 6;
        Tensor x = field(DType.F64, 8, 2, n);
        Tensor h = field(DType.F64, 9, n);
        double[] expected = new double[2 * n];
        for (int b = 0; b < 2; b++) {
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    expected[b * n + j] += x.get(b, i) * h.get((j - i + n) % n);
                }
            }
        }
        assertArrayEquals(expected, Fourier.convolve(x, h, 1).toDoubles(), 1e-13);
        Spectrum s = Fourier.rfft(x, 1);
        assertArrayEquals(
                s.power().toDoubles(), s.multiply(s.conjugate()).re().toDoubles(), 1e-13);
        assertArrayEquals(new double[2 * 4], s.multiply(s.conjugate()).im().toDoubles(), 1e-13);
        Spectrum twice = s.add(s);
        assertArrayEquals(s.multiply(2).planes().toDoubles(), twice.planes().toDoubles());
        assertArrayEquals(s.planes().toDoubles(), twice.sub(s).planes().toDoubles());
    }

    /// Flow through a program and back to the input: the spectrum is a tree like any other record.
    @Test
    void aSpectrumIsATree() {
        Spectrum s = Fourier.rfft(field(DType.F32, 4, 8, 8), 2);
        Program<Spectrum, Spectrum> filter = Program.of((Spectrum x) -> x.multiply(x.squaredWavenumber(8).neg().exp()), s);
        OperationLawsTest.assertBits("filtered", s.multiply(s.squaredWavenumber(8).neg().exp()).planes(), filter.run(s).planes());
    }

    @Test
    void errorsAreSentences() {
        Tensor x = Tensor.zeros(DType.F32, 4, 6);
        assertError("rfft: needs a floating-point tensor, got i32[3]; cast() it", () -> Fourier.rfft(Tensor.of(1, 2, 3), 1));
        assertError(
                "rfft: cannot transform the last 3 axes of f32[4, 6]; rank must be 1, 2 or 3 and at most the number of axes",
                () -> Fourier.rfft(x, 3));
        assertError(
                "rfft: cannot transform the last 4 axes of f32[1, 1, 1, 1, 1]; rank must be 1, 2 or 3 and at most the number of axes",
                () -> Fourier.rfft(Tensor.zeros(DType.F32, 1, 1, 1, 1, 1), 4));
        assertError(
                "rfft: axis 1 of f32[4, 0] is empty and has no transform", () -> Fourier.rfft(Tensor.zeros(DType.F32, 4, 0), 1));
        assertError(
                "inverse rfft: f32[2, 4, 6] is not a half spectrum of rank 2 for a last axis of 8; it needs the shape"
                        + " [2, batch…, 5, other axes…]",
                () -> new Spectrum(Tensor.zeros(DType.F32, 2, 4, 6), 2, 8).inverse());
        assertError(
                "inverse rfft: axis 2 of f32[2, 4, 0] is empty and has no transform",
                () -> new Spectrum(Tensor.zeros(DType.F32, 2, 4, 0), 2, 6).inverse());
        assertError(
                "Spectrum.fromStandard: f32[2, 4, 6] is not [2, batch…, other axes…, 5], the half spectrum of rank 2 for a last axis of 8",
                () -> Spectrum.fromStandard(Tensor.zeros(DType.F32, 2, 4, 6), 2, 8));
        assertError(
                "Fourier.convolve: the last 1 axes of f32[4, 6] and f32[5] differ",
                () -> Fourier.convolve(x, Tensor.zeros(DType.F32, 5), 1));
        assertError(
                "Spectrum.derivative: axis 2 is not one of the 2 transformed axes", () -> Fourier.rfft(x, 2).derivative(2, 1));
        assertError(
                "Spectrum.squaredWavenumber: got 3 box lengths for 2 axes", () -> Fourier.rfft(x, 2).squaredWavenumber(1, 2, 3));
        assertError(
                "Spectrum: fields differ: one has 2 transformed axes, the last of 6, the other 1, the last of 6",
                () -> Fourier.rfft(x, 2).add(Fourier.rfft(x, 1)));
    }

    private static void assertError(String sentence, org.junit.jupiter.api.function.Executable what) {
        assertEquals(sentence, assertThrows(ShapeException.class, what).getMessage());
    }

    @Test
    void noBatchIsNoWork() {
        Spectrum s = Fourier.rfft(Tensor.zeros(DType.F32, 0, 4, 4, 4), 3);
        assertEquals(Shape.of(2, 0, 3, 4, 4), s.planes().shape());
        assertEquals(Shape.of(0, 4, 4, 4), s.inverse().shape());
        assertEquals(0, s.inverse().toFloats().length);
    }
}
