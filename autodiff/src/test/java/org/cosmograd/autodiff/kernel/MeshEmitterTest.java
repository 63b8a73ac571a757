package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// HotSpot never compiles a method of more than 8000 bytes.
class MeshEmitterTest {
    @ParameterizedTest
    @CsvSource({"2, 1", "2, 2", "2, 3", "3, 1", "3, 2", "3, 3"})
    void everyKernelIsShort(int support, int axes) {
        Shape mesh = Shape.of(new int[][] {{100_000}, {300, 300}, {100, 100, 100}}[axes - 1]);
        List<List<Integer>> orders = List.of(Collections.nCopies(axes, 0));
        while (!orders.isEmpty()) {
            for (boolean paint : new boolean[] {true, false}) {
                for (int channels : new int[] {1, 2, 3, 64}) {
                    MeshSpec spec = new MeshSpec(paint, true, DType.F64, support, mesh, orders, channels);
                    MeshSpec one = spec.channels(MeshEmitter.channels(spec));
                    int length = ClassFile.of().parse(MeshEmitter.bytes(one)).methods().stream()
                            .filter(m -> m.methodName().equalsString("run"))
                            .map(m -> (CodeAttribute) m.code().orElseThrow())
                            .mapToInt(CodeAttribute::codeLength)
                            .sum();
                    assertTrue(length > 100 && length <= 6000, spec + " takes " + length + " bytes");
                }
            }
            orders = raised(orders, support);
        }
    }

    private static List<List<Integer>> raised(List<List<Integer>> orders, int support) {
        Set<List<Integer>> up = new LinkedHashSet<>();
        for (List<Integer> o : orders) {
            for (int a = 0; a < o.size(); a++) {
                if (o.get(a) + 1 < support) {
                    List<Integer> next = new ArrayList<>(o);
                    next.set(a, o.get(a) + 1);
                    up.add(List.copyOf(next));
                }
            }
        }
        return List.copyOf(up);
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "100", "16384", "16385", "40000", "131072", "262145", "3000000", "150000000", "2000000000"})
    void plansFitTheirTensor(int n) {
        for (Shape mesh : List.of(Shape.of(1), Shape.of(100_000_000), Shape.of(8, 3), Shape.of(2000, 3000), Shape.of(64, 64, 64), Shape.of(256, 512, 512),
                Shape.of(9, 4, 4), Shape.of(4, 900, 900))) {
            for (int support : new int[] {2, 3}) {
                MeshPlan p = new MeshPlan(n, support, mesh, 8);
                int room = n / 4 + 2048;
                assertTrue(p.runs() + 2L * p.mostRuns() * p.chunks <= room, "runs of " + n + " on " + mesh);
                assertTrue(p.next(p.chunks) <= room, "moves of " + n + " on " + mesh + " in " + p.blocks + " blocks");
                for (int s = 0; s < p.slabs; s++) {
                    int width = p.start[s + 1] - p.start[s];
                    assertTrue(p.slabs == 1 || width >= 2 * p.reach + support - 1, "slab " + s + " of " + mesh);
                }
                assertTrue(p.slabs == 1 || p.slabs % 2 == 0);
                assertEquals(p.planes, p.start[p.slabs]);
            }
        }
    }
}
