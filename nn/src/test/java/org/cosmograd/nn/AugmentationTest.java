package org.cosmograd.nn;

import static org.cosmograd.nn.NormTest.says;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.cosmograd.autodiff.Convolution.Boundary;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Gradient;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Program;
import org.cosmograd.autodiff.Tensor;
import org.junit.jupiter.api.Test;

class AugmentationTest {
    private static final Key KEY = Key.of(9);

    /// `n` times the same image.
    private static Tensor copies(int n, int... dims) {
        Tensor image = KEY.normal(DType.F32, dims);
        return image.expand(0).broadcastTo(org.cosmograd.autodiff.Shape.of(n).concat(image.shape()));
    }

    private static Tensor all(int d) {
        return Tensor.iota(Augmentation.symmetries(d));
    }

    @Test
    void symmetriesAreTheKnownOnes() {
        Tensor x = copies(8, 3, 3, 2);
        Tensor y = Augmentation.symmetry(x, all(2));
        Tensor one = x.at(0, 0);
        // what they are by name
        assertArrayEquals(one.toFloats(), y.at(0, 0).toFloats());
        assertArrayEquals(one.flip(0).toFloats(), y.at(0, 1).toFloats());
        assertArrayEquals(one.flip(1).toFloats(), y.at(0, 2).toFloats());
        assertArrayEquals(one.flip(0, 1).toFloats(), y.at(0, 3).toFloats());
        assertArrayEquals(one.permute(1, 0, 2).toFloats(), y.at(0, 4).toFloats());
        assertArrayEquals(one.permute(1, 0, 2).flip(0).toFloats(), y.at(0, 5).toFloats());
        assertArrayEquals(one.permute(1, 0, 2).flip(1).toFloats(), y.at(0, 6).toFloats());
        assertArrayEquals(one.permute(1, 0, 2).flip(0, 1).toFloats(), y.at(0, 7).toFloats());
    }

    /// Closed, associative by nature, with inverses; products are those of the matrices, in one, two and three dimensions.
    @Test
    void symmetriesAreAGroup() {
        int[][] sizes = {{5, 1}, {4, 4, 1}, {3, 3, 3, 2}};
        for (int d = 1; d <= 3; d++) {
            int n = Augmentation.symmetries(d);
            assertEquals(new int[] {2, 8, 48}[d - 1], n);
            Tensor x = copies(n, sizes[d - 1]);
            Tensor each = Augmentation.symmetry(x, all(d));
            Set<String> images = new HashSet<>();
            for (int e = 0; e < n; e++) {
                images.add(Arrays.toString(each.at(0, e).toFloats()));
            }
            assertEquals(n, images.size(), "all different");
            double[][] m = Augmentation.matrices(d).reshape(n, d * d).toRows();
            for (int e = 0; e < n; e++) {
                Tensor twice = Augmentation.symmetry(each, Tensor.of(e).broadcastTo(n));
                double[][] products = Augmentation.matrices(d).at(0, e).matmul(Augmentation.matrices(d)).reshape(n, d * d).toRows();
                for (int f = 0; f < n; f++) {
                    double[] product = products[f];
                    int[] same = java.util.stream.IntStream.range(0, n).filter(g -> Arrays.equals(m[g], product)).toArray();
                    assertEquals(1, same.length);
                    assertArrayEquals(each.at(0, same[0]).toFloats(), twice.at(0, f).toFloats(), d + ": " + e + " after " + f);
                }
            }
        }
    }

    /// A bright pixel at `v` from the centre is at `m v` afterwards.
    @Test
    void matricesTurnVectorsAsSymmetriesTurnImages() {
        float[] pixels = new float[25];
        pixels[0 * 5 + 1] = 1;
        Tensor x = Tensor.of(org.cosmograd.autodiff.Shape.of(1, 5, 5, 1), pixels).broadcastTo(8, 5, 5, 1);
        Tensor y = Augmentation.symmetry(x, all(2));
        double[][] v = Augmentation.matrices(2).matmul(Tensor.of(-2f, -1f)).toRows();
        for (int e = 0; e < 8; e++) {
            assertEquals(1, y.get(e, 2 + (int) v[e][0], 2 + (int) v[e][1], 0), "element " + e);
        }
    }

    @Test
    void drawsAreEvenIndependentAndReproducible() {
        Tensor x = copies(4000, 3, 3, 1);
        Tensor each = Augmentation.symmetry(copies(8, 3, 3, 1), all(2));
        float[][] names = new float[8][];
        Arrays.setAll(names, e -> each.at(0, e).toFloats());
        int[][] counts = new int[3][8];
        Tensor[] drawn = {Augmentation.dihedral(x, KEY), Augmentation.rotations(x, KEY), Augmentation.flips(x, KEY)};
        for (int k = 0; k < 3; k++) {
            double[][] rows = drawn[k].reshape(4000, 9).toRows();
            for (double[] row : rows) {
                for (int e = 0; e < 8; e++) {
                    boolean same = true;
                    for (int i = 0; i < 9; i++) {
                        same &= row[i] == names[e][i];
                    }
                    counts[k][e] += same ? 1 : 0;
                }
            }
        }
        // identity 0, half turn 3, quarter turns 5 and 6
        int[][] expected = {{500, 500, 500, 500, 500, 500, 500, 500}, {1000, 0, 0, 1000, 0, 1000, 1000, 0}, {1000, 1000, 1000, 1000, 0, 0, 0, 0}};
        for (int k = 0; k < 3; k++) {
            for (int e = 0; e < 8; e++) {
                assertEquals(expected[k][e], counts[k][e], 4.5 * Math.sqrt(expected[k][e]), k + ", element " + e);
            }
        }
        assertArrayEquals(drawn[0].toFloats(), Augmentation.dihedral(x, KEY).toFloats());
        // image i has its draw in any batch
        assertArrayEquals(
                drawn[0].slice(0, 0, 10).toFloats(), Augmentation.dihedral(x.slice(0, 0, 10), KEY).toFloats());
    }

    @Test
    void shiftsMoveAndFill() {
        Tensor x = Tensor.of(1f, 2f, 3f, 4f).reshape(1, 4, 1);
        assertArrayEquals(new float[] {4, 1, 2, 3}, shifted(x, 1, Boundary.PERIODIC));
        assertArrayEquals(new float[] {3, 4, 1, 2}, shifted(x, -6, Boundary.PERIODIC));
        assertArrayEquals(new float[] {2, 1, 2, 3}, shifted(x, 1, Boundary.REFLECT));
        assertArrayEquals(new float[] {3, 4, 3, 2}, shifted(x, -2, Boundary.REFLECT));
        assertArrayEquals(new float[] {1, 2, 3, 4}, shifted(x, 6, Boundary.REFLECT));
        assertArrayEquals(new float[] {0, 0, 1, 2}, shifted(x, 2, Boundary.ZERO));
        assertArrayEquals(new float[] {2, 3, 4, 0}, shifted(x, -1, Boundary.ZERO));
        assertArrayEquals(new float[] {0, 0, 0, 0}, shifted(x, 9, Boundary.ZERO));
        // each image and axis its own
        Tensor y = KEY.normal(DType.F32, 2, 3, 4, 2);
        Tensor z = Augmentation.shift(y, Tensor.of(1, 0, 0, -1).reshape(2, 2), Boundary.PERIODIC);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 4; j++) {
                assertEquals(y.get(0, (i + 2) % 3, j, 1), z.get(0, i, j, 1));
                assertEquals(y.get(1, i, (j + 1) % 4, 0), z.get(1, i, j, 0));
            }
        }
    }

    private static float[] shifted(Tensor x, int by, Boundary boundary) {
        return Augmentation.shift(x, Tensor.of(by).reshape(1, 1), boundary).toFloats();
    }

    @Test
    void randomShiftsCoverTheirRange() {
        // the place of one bright pixel tells the shift
        Tensor x = Tensor.of(0f, 0f, 0f, 1f, 0f, 0f, 0f).reshape(1, 7, 1).broadcastTo(700, 7, 1);
        int[] place = Augmentation.shifts(x, 2, Boundary.ZERO, KEY).reshape(700, 7).argMax(-1).toInts();
        int[] counts = new int[7];
        for (int p : place) {
            counts[p]++;
        }
        assertEquals(0, counts[0] + counts[6]);
        for (int p = 1; p < 6; p++) {
            assertEquals(140, counts[p], 50);
        }
    }

    @Test
    void noiseHasItsDeviation() {
        Tensor x = copies(50, 8, 8, 2);
        double[] d = Augmentation.noise(x, 0.5, KEY).sub(x).toDoubles();
        assertEquals(0, Arrays.stream(d).average().orElseThrow(), 0.03);
        assertEquals(0.25, Arrays.stream(d).map(v -> v * v).average().orElseThrow(), 0.015);
    }

    /// Inside a program, with the key as an argument; and linear in the images: the derivative takes pixels back where they came from.
    @Test
    void programsAugment() {
        Tensor x = KEY.fold(2).normal(DType.F32, 3, 6, 6, 2);
        var program = Program.of((Tensor images, Key key) -> augmented(images, key), x, KEY);
        for (int seed = 0; seed < 4; seed++) {
            assertArrayEquals(augmented(x, Key.of(seed)).toFloats(), program.run(x, Key.of(seed)).toFloats());
        }
        assertTrue(!Arrays.equals(program.run(x, Key.of(1)).toFloats(), program.run(x, Key.of(2)).toFloats()));
        Tensor g = KEY.fold(3).normal(DType.F32, 3, 6, 6, 2);
        Tensor pulled = Gradient.vjp(augmented(x, KEY), x, g);
        Tensor clean = Augmentation.shifts(Augmentation.dihedral(x, KEY.fold(0)), 3, Boundary.ZERO, KEY.fold(1));
        assertEquals(clean.mul(g).sum().item(), pulled.mul(x).sum().item(), 1e-3);
    }

    private static Tensor augmented(Tensor x, Key key) {
        Tensor turned = Augmentation.dihedral(x, key.fold(0));
        return Augmentation.noise(Augmentation.shifts(turned, 3, Boundary.ZERO, key.fold(1)), 0.1, key.fold(2));
    }

    @Test
    void faultsAreSentences() {
        says(
                "Augmentation.dihedral: needs images with axes of one length, got f32[2, 3, 4, 1]; use flips",
                () -> Augmentation.dihedral(Tensor.zeros(DType.F32, 2, 3, 4, 1), KEY));
        says(
                "Augmentation.shifts: needs images [B, …, channels] of one to three axes, got f32[2, 3]",
                () -> Augmentation.shifts(Tensor.zeros(DType.F32, 2, 3), 1, Boundary.ZERO, KEY));
    }
}
