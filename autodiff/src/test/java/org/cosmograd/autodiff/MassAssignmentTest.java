package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.cosmograd.autodiff.kernel.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Painting and reading against a direct sum, their laws, and wrong input.
class MassAssignmentTest {
    private static final List<int[]> MESHES = List.of(
            new int[] {1}, new int[] {2}, new int[] {3}, new int[] {4}, new int[] {7}, new int[] {16}, new int[] {5000},
            new int[] {1, 1}, new int[] {2, 3}, new int[] {8, 5}, new int[] {33, 20},
            new int[] {1, 1, 1}, new int[] {2, 2, 2}, new int[] {3, 1, 2}, new int[] {8, 4, 5}, new int[] {9, 8, 7}, new int[] {16, 16, 16});

    static Stream<Arguments> cases() {
        return Stream.of(MassAssignment.values()).flatMap(s -> MESHES.stream()
                .flatMap(m -> Stream.of(DType.F32, DType.F64).map(t -> Arguments.of(s, m, t))));
    }

    // ------------------------------------------------------------------------------------------------- the definition

    private static double kernel(MassAssignment scheme, double s) {
        double r = Math.abs(s);
        return switch (scheme) {
            case CLOUD_IN_CELL -> Math.max(0, 1 - r);
            case TRIANGULAR_SHAPED_CLOUD -> r <= 0.5 ? 0.75 - r * r : r <= 1.5 ? 0.5 * (1.5 - r) * (1.5 - r) : 0;
        };
    }

    /// The weight of every mesh point for one particle: the product over the axes, each summed over periodic images.
    private static double[] clouds(MassAssignment scheme, int[] mesh, double[] x) {
        double[] w = {1};
        for (int a = 0; a < mesh.length; a++) {
            double[] along = new double[mesh[a]];
            for (int c = (int) Math.floor(x[a]) - 2; c <= Math.floor(x[a]) + 2; c++) {
                along[Math.floorMod(c, mesh[a])] += kernel(scheme, x[a] - c);
            }
            double[] next = new double[w.length * along.length];
            for (int i = 0; i < w.length; i++) {
                for (int j = 0; j < along.length; j++) {
                    next[i * along.length + j] = w[i] * along[j];
                }
            }
            w = next;
        }
        return w;
    }

    private static Tensor given(Tensor t) {
        return t.dtype() == DType.F32 ? Tensor.of(t.shape(), t.toFloats()) : Tensor.of(t.shape(), t.toDoubles());
    }

    /// Positions from a third of the box below it to a third above.
    private static Tensor positions(int n, DType type, int... mesh) {
        double[] size = IntStream.of(mesh).asDoubleStream().toArray();
        return given(Key.of(n).uniform(type, n, mesh.length).mul(5.0 / 3).sub(1.0 / 3).mul(Tensor.of(size).cast(type)));
    }

    private static Tensor noise(int seed, DType type, int... dims) {
        return given(Key.of(seed).normal(type, dims));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void equalsTheDirectSum(MassAssignment scheme, int[] mesh, DType type) {
        int n = 60;
        Tensor x = positions(n, type, mesh);
        Tensor w = noise(1, type, n);
        Tensor m = noise(2, type, mesh);
        double[] at = x.toDoubles();
        double[] values = m.toDoubles();
        double[] painted = new double[values.length];
        double[] counted = new double[values.length];
        double[] read = new double[n];
        for (int i = 0; i < n; i++) {
            double[] one = new double[mesh.length];
            System.arraycopy(at, i * mesh.length, one, 0, mesh.length);
            double[] clouds = clouds(scheme, mesh, one);
            for (int c = 0; c < clouds.length; c++) {
                painted[c] += w.get(i) * clouds[c];
                counted[c] += clouds[c];
                read[i] += values[c] * clouds[c];
            }
        }
        double tolerance = (type == DType.F32 ? 3e-5 : 1e-11) * Math.max(1, mesh[0] / 100);
        assertArrayEquals(painted, scheme.paint(x, w, mesh).toDoubles(), tolerance);
        assertArrayEquals(counted, scheme.paint(x, mesh).toDoubles(), tolerance);
        assertArrayEquals(read, scheme.read(m, x).toDoubles(), tolerance);
    }

    @Test
    void manyValuesAreManyTimesOne() {
        int[] mesh = {8, 6, 5};
        Tensor x = positions(200, DType.F64, mesh);
        for (MassAssignment scheme : MassAssignment.values()) {
            for (int k : new int[] {0, 1, 2, 5, 9}) {
                Tensor w = noise(3, DType.F64, 200, k);
                Tensor m = noise(4, DType.F64, k, 8, 6, 5);
                Tensor all = scheme.paintAll(x, w, mesh);
                Tensor values = scheme.readAll(m, x);
                assertEquals(Shape.of(k, 8, 6, 5), all.shape());
                assertEquals(Shape.of(200, k), values.shape());
                for (int j = 0; j < k; j++) {
                    OperationLawsTest.assertBits("paintAll", scheme.paint(x, w.at(1, j), mesh), all.at(0, j));
                    OperationLawsTest.assertBits("readAll", scheme.read(m.at(0, j), x), values.at(1, j));
                }
            }
        }
    }

    @Test
    void leadingAxesAreParticles() {
        Tensor x = positions(24, DType.F32, 8, 8);
        Tensor w = noise(5, DType.F32, 24);
        MassAssignment s = MassAssignment.CLOUD_IN_CELL;
        OperationLawsTest.assertBits("paint", s.paint(x, w, 8, 8), s.paint(x.reshape(2, 3, 4, 2), w.reshape(2, 3, 4), 8, 8));
        Tensor m = noise(6, DType.F32, 8, 8);
        OperationLawsTest.assertBits("read", s.read(m, x).reshape(2, 3, 4), s.read(m, x.reshape(2, 3, 4, 2)));
    }

    // ------------------------------------------------------------------------------------------------- laws

    @ParameterizedTest
    @EnumSource
    void massIsConserved(MassAssignment scheme) {
        Tensor x = positions(1000, DType.F64, 12, 10, 8);
        Tensor w = noise(7, DType.F64, 1000);
        assertEquals(w.sum().item(), scheme.paint(x, w, 12, 10, 8).sum().item(), 1e-11);
        assertEquals(1000, scheme.paint(x, 12, 10, 8).sum().item(), 1e-10);
    }

    @ParameterizedTest
    @EnumSource
    void paintAndReadAreAdjoint(MassAssignment scheme) {
        Tensor x = positions(1000, DType.F64, 12, 10, 8);
        Tensor w = noise(8, DType.F64, 1000);
        Tensor m = noise(9, DType.F64, 12, 10, 8);
        assertEquals(scheme.paint(x, w, 12, 10, 8).mul(m).sum().item(), scheme.read(m, x).mul(w).sum().item(), 1e-11);
    }

    @ParameterizedTest
    @EnumSource
    void aCellFartherIsAMeshRolled(MassAssignment scheme) {
        // sixteenths, so that adding whole cells is exact
        Tensor x = given(positions(300, DType.F64, 9, 8).mul(16).floor().div(16));
        Tensor there = scheme.paint(x.add(Tensor.of(4.0, -19.0)), 9, 8);
        Tensor here = scheme.paint(x, 9, 8);
        for (int i = 0; i < 9; i++) {
            for (int j = 0; j < 8; j++) {
                assertEquals(here.get(i, j), there.get((i + 4) % 9, Math.floorMod(j - 19, 8)), 1e-12);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void constantsAndSlopesAreReadAsTheyAre(MassAssignment scheme) {
        Tensor x = given(Key.of(10).uniform(DType.F64, 400, 3).mul(10).add(2));
        assertArrayEquals(new double[400], scheme.read(Tensor.full(3, DType.F64, 14, 14, 14), x).sub(3).toDoubles(), 1e-14);
        Tensor line = Tensor.linspace(0, 13, 14);
        Tensor field = line.reshape(14, 1, 1).mul(2).sub(line.reshape(1, 14, 1)).add(line.reshape(1, 1, 14).mul(0.5)).add(1);
        Tensor expected = x.at(1, 0).mul(2).sub(x.at(1, 1)).add(x.at(1, 2).mul(0.5)).add(1);
        assertArrayEquals(expected.toDoubles(), scheme.read(field, x).toDoubles(), 1e-12);
        double[] slope = Gradient.vjp(scheme.read(field, x), x, Tensor.ones(DType.F64, 400)).toDoubles();
        for (int i = 0; i < 400; i++) {
            assertArrayEquals(new double[] {2, -1, 0.5}, new double[] {slope[3 * i], slope[3 * i + 1], slope[3 * i + 2]}, 1e-11);
        }
    }

    @ParameterizedTest
    @EnumSource
    void farAwayIsWrappedExactly(MassAssignment scheme) {
        int n = 7;
        for (double whole : new double[] {0, 7, -7, 7e8, -7e8, 7 * 0x1p40, -7 * 0x1p44}) {
            for (double inside : new double[] {0, 0.25, 3.5, 6.75, 6.5}) {
                double[] near = scheme.paint(Tensor.of(Shape.of(1, 1), inside), n).toDoubles();
                assertArrayEquals(near, scheme.paint(Tensor.of(Shape.of(1, 1), inside + whole), n).toDoubles(), 0, inside + " + " + whole);
            }
        }
        for (float x : new float[] {-1e-10f, -1e-30f, 1e9f, -1e9f, 3e38f, -3e38f, 8388607.5f, 4194303.75f, -0.0f, 0.49999997f}) {
            double[] m = scheme.paint(Tensor.of(Shape.of(1, 1), x), n).toDoubles();
            double[] exact = clouds(scheme, new int[] {n}, new double[] {x % 7.0});
            assertArrayEquals(exact, m, 1e-7, "at " + x);
        }
        for (double x : new double[] {1e300, -1e300, 0x1p52 + 1, 0x1p51 + 0.5, -1e-300}) {
            double[] m = scheme.paint(Tensor.of(Shape.of(1, 1), x), n).toDoubles();
            assertArrayEquals(clouds(scheme, new int[] {n}, new double[] {x % 7.0}), m, 1e-15, "at " + x);
        }
    }

    // ------------------------------------------------------------------------------------------------- threads and orders

    /// Particles on a lattice of the mesh, `spread` cells away from it in waves and by chance.
    private static Tensor lattice(DType type, double spread, double chance, int... mesh) {
        int d = mesh.length;
        int n = IntStream.of(mesh).reduce(1, (a, b) -> a * b);
        double[] jitter = Key.of(11).uniform(DType.F64, n, d).toDoubles();
        double[] x = new double[n * d];
        for (int i = 0; i < n; i++) {
            int rest = i;
            for (int a = d - 1; a >= 0; a--) {
                x[i * d + a] = rest % mesh[a] + spread * Math.sin(0.002 * i + a) + chance * (jitter[i * d + a] - 0.4);
                rest /= mesh[a];
            }
        }
        return given(Tensor.of(Shape.of(n, d), x).cast(type));
    }

    static Stream<Arguments> orders() {
        List<Arguments> out = new ArrayList<>();
        for (MassAssignment s : MassAssignment.values()) {
            for (DType t : List.of(DType.F32, DType.F64)) {
                out.add(Arguments.of(s, "lattice", lattice(t, 0, 1, 48, 40, 36), new int[] {48, 40, 36}));
                out.add(Arguments.of(s, "displaced", lattice(t, 9, 1, 48, 40, 36), new int[] {48, 40, 36}));
                out.add(Arguments.of(s, "random", lattice(t, 0, 400, 40, 48, 36), new int[] {40, 48, 36}));
                out.add(Arguments.of(s, "blocks", lattice(t, 0, 4000, 400, 256), new int[] {1700, 2600}));
                out.add(Arguments.of(s, "line", lattice(t, 0, 1e6, 60_000), new int[] {60_000}));
            }
        }
        return out.stream();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("orders")
    void threadsDoNotChangeBits(MassAssignment scheme, String name, Tensor x, int[] mesh) {
        Tensor w = noise(12, x.dtype(), x.dim(0));
        Tensor m = noise(13, x.dtype(), mesh);
        Function<List<Tensor>, List<Tensor>> f = in -> {
            Tensor painted = scheme.paint(in.get(0), in.get(1), mesh);
            Tensor read = scheme.read(in.get(2), in.get(0));
            return List.of(painted, read, Gradient.vjp(painted, in.get(0), in.get(2)), scheme.paint(in.get(0), mesh));
        };
        Program<List<Tensor>, List<Tensor>> p = Program.of(f, List.of(x, w, m));
        int before = Workers.threads();
        List<List<Tensor>> results = new ArrayList<>();
        try {
            for (int threads = 1; threads <= 3; threads++) {
                Workers.threads(threads);
                results.add(p.run(List.of(x, w, m)));
            }
        } finally {
            Workers.threads(before);
        }
        for (int i = 0; i < results.getFirst().size(); i++) {
            OperationLawsTest.assertBits(name + " result " + i, results.get(0).get(i), results.get(1).get(i));
            OperationLawsTest.assertBits(name + " result " + i, results.get(0).get(i), results.get(2).get(i));
        }
        double[] painted = results.getFirst().getFirst().toDoubles();
        double[] reversed = scheme.paint(given(x.flip(0)), given(w.flip(0)), mesh).toDoubles();
        assertArrayEquals(painted, reversed, x.dtype() == DType.F32 ? 2e-4 : 1e-12, name + ": particles in the opposite order");
        double[] read = results.getFirst().get(1).toDoubles();
        double[] readReversed = scheme.read(m, given(x.flip(0))).flip(0).toDoubles();
        assertArrayEquals(read, readReversed, 0, name + ": particles in the opposite order");
        double adjoint = results.getFirst().get(1).mul(w).cast(DType.F64).sum().item();
        double direct = results.getFirst().get(0).mul(m).cast(DType.F64).sum().item();
        assertEquals(direct, adjoint, (x.dtype() == DType.F32 ? 1e-2 : 1e-9) * Math.max(1, Math.sqrt(x.dim(0) / 1e4)), name);
    }

    @Test
    void aReplayAllocatesNothing() {
        Tensor x = lattice(DType.F32, 0, 300, 32, 32, 32);
        Program.Loop<Tensor, Tensor> p = Program.loop(
                (Tensor s, Tensor b) -> {
                    Tensor density = MassAssignment.CLOUD_IN_CELL.paint(b, 32, 32, 32);
                    return s.add(Gradient.of(density.square().sum(), b).mul(1e-6));
                },
                x,
                x);
        var bean = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        // vectors are objects until C2 has compiled the kernels around them
        long end = System.nanoTime() + 60_000_000_000L;
        while (least > 0 && System.nanoTime() < end) {
            long before = bean.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10; i++) {
                p.step(x);
            }
            least = Math.min(least, bean.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least, "bytes in 10 steps");
    }

    // ------------------------------------------------------------------------------------------------- wrong input

    @Test
    void noParticles() {
        Tensor none = Tensor.zeros(DType.F32, 0, 2);
        for (MassAssignment s : MassAssignment.values()) {
            assertArrayEquals(new double[64], s.paint(none, 8, 8).toDoubles(), 0);
            assertArrayEquals(new double[64], s.paint(none, Tensor.zeros(DType.F32, 0), 8, 8).toDoubles(), 0);
            assertEquals(Shape.of(0), s.read(Tensor.ones(DType.F32, 8, 8), none).shape());
            assertEquals(0, s.read(Tensor.ones(DType.F32, 8, 8), none).toFloats().length);
        }
    }

    @Test
    void nowhere() {
        for (int wrong : new int[] {0, 5, 30_000, 99_998}) {
            for (double place : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
                for (int axis = 0; axis < 2; axis++) {
                    double[] x = new double[200_000];
                    x[2 * wrong + axis] = place;
                    x[199_999] = Double.NaN;
                    String sentence = "paint or read: particle " + wrong + " lies at [" + (axis == 0 ? place + ", 0.0" : "0.0, " + place)
                            + "]; positions must be finite";
                    Tensor t = Tensor.of(Shape.of(100_000, 2), x);
                    assertEquals(sentence, assertThrows(ArithmeticException.class, () -> MassAssignment.CLOUD_IN_CELL.paint(t, 16, 16).toDoubles())
                            .getMessage());
                }
            }
        }
        Tensor f = Tensor.of(Shape.of(2, 1), 1f, Float.NaN);
        assertEquals("paint or read: particle 1 lies at [NaN]; positions must be finite",
                assertThrows(ArithmeticException.class, () -> MassAssignment.TRIANGULAR_SHAPED_CLOUD.read(Tensor.ones(DType.F32, 4), f).toDoubles())
                        .getMessage());
        // finite coordinates whose sum is not
        Tensor large = Tensor.of(Shape.of(1, 3), 3e38f, 3e38f, 3e38f);
        assertEquals(1, MassAssignment.CLOUD_IN_CELL.paint(large, 4, 4, 4).sum().item(), 1e-6);
    }

    @Test
    void sentences() {
        MassAssignment s = MassAssignment.CLOUD_IN_CELL;
        Tensor x = Tensor.zeros(DType.F32, 5, 2);
        shape("paint: a mesh has one to three axes, got []", () -> s.paint(x));
        shape("paint: a mesh has one to three axes, got [2, 2, 2, 2]", () -> s.paint(x, 2, 2, 2, 2));
        shape("paint: the mesh [4, 4, 4] needs floating-point positions with a last axis of 3, got f32[5, 2]", () -> s.paint(x, 4, 4, 4));
        shape("paint: the mesh [4] needs floating-point positions with a last axis of 1, got i32[1]", () -> s.paint(Tensor.of(1), 4));
        shape("paint: a periodic mesh needs at least one cell along each axis, got [4, 0]", () -> s.paint(x, 4, 0));
        shape("shape: [65536, 65536] holds more than 2147483583 elements, the most one tensor can have; split it", () -> s.paint(x, 65536, 65536));
        shape("paint: the weights f32[4] do not belong to the positions f32[5, 2], which have one particle for each index but the last",
                () -> s.paint(x, Tensor.zeros(DType.F32, 4), 4, 4));
        shape("paint: element types differ: f32[5, 2] and f64[5]; cast() one of them", () -> s.paint(x, Tensor.zeros(DType.F64, 5), 4, 4));
        shape("paintAll: needs weights with a last axis, one for each mesh, got f32[]", () -> s.paintAll(x, Tensor.scalar(1, DType.F32), 4, 4));
        shape("read: the mesh [4] needs floating-point positions with a last axis of 1, got f32[5, 2]", () -> s.read(Tensor.zeros(DType.F32, 4), x));
        shape("read: element types differ: f64[4, 4] and f32[5, 2]; cast() one of them", () -> s.read(Tensor.zeros(DType.F64, 4, 4), x));
        shape("readAll: needs meshes one after the other along a first axis, got f32[]", () -> s.readAll(Tensor.scalar(1, DType.F32), x));
        long heap = Runtime.getRuntime().maxMemory();
        if (heap < 2_000_000_000L * 8) {
            shape("paint: a mesh [2000, 1000, 1000] of f64 needs 15258 MiB, the Java heap may have " + (heap >> 20)
                            + " MiB; take a coarser mesh or raise -Xmx",
                    () -> s.paint(Tensor.zeros(DType.F64, 5, 3), 2000, 1000, 1000));
        }
        assertTrue(heap > 0);
    }

    private static void shape(String sentence, org.junit.jupiter.api.function.Executable wrong) {
        assertEquals(sentence, assertThrows(ShapeException.class, wrong).getMessage());
    }
}
