package org.cosmograd.autodiff.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Array;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.TensorType;
import org.junit.jupiter.api.Test;

/// Vector loops read and write behind a row's end: every array has room there.
class StorageTest {
    private static void assertRoom(Storage s) {
        assertTrue(Array.getLength(s.array()) >= s.offset() + s.length() + Storage.ROOM, "length of the array");
    }

    @Test
    void everyArrayHasRoomBehindItsLastElement() {
        for (int n : new int[] {0, 1, 16, 1000, 100_000}) {
            assertRoom(Storage.of(new float[n]));
            assertRoom(Storage.of(new double[n]));
            assertRoom(Storage.of(new int[n]));
            for (DType type : DType.values()) {
                assertRoom(Storage.allocate(type, n));
                assertRoom(Storage.slab(type, n));
                assertRoom(Storage.slab(type, n).copy());
            }
        }
    }

    @Test
    void aCopyDoesNotFollowTheArray() {
        double[] x = {1, 2, 3};
        Storage s = Storage.of(x);
        Storage copy = s.copy();
        x[0] = 9;
        assertArrayEquals(new double[] {1, 2, 3}, s.toDoubles());
        s.set(Storage.of(new double[] {4, 5, 6}));
        assertArrayEquals(new double[] {1, 2, 3}, copy.toDoubles());
    }

    @Test
    void whatIsUsedTogetherLiesInLines() {
        List<TensorType> types = List.of(
                new TensorType(DType.F32, Shape.of(3, 5)), new TensorType(DType.F64, Shape.of(7)), new TensorType(DType.F32, Shape.SCALAR),
                new TensorType(DType.I32, Shape.of(0)), new TensorType(DType.F32, Shape.of(40_000)));
        List<Storage> all = Storage.together(types);
        int end = 0;
        for (int i = 0; i < types.size(); i++) {
            Storage s = all.get(i);
            assertEquals(types.get(i).shape().size(), s.length());
            assertRoom(s);
            if (types.get(i).dtype() == DType.F32) {
                assertSame(all.getFirst().array(), s.array());
                assertEquals(0, (s.offset() - all.getFirst().offset()) % 16);
                assertTrue(s.offset() >= end, "places overlap");
                end = s.offset() + s.length();
            }
        }
    }

    @Test
    void aLoopTellsWhereThereIsNoRoom() {
        assumeTrue(Loops.SIMD);
        LoopSpec copy = new LoopSpec(List.of(new LoopSpec.Source(DType.F32, LoopSpec.Access.UNIT)), List.of(),
                List.of(new LoopSpec.Sink(0, LoopSpec.Access.UNIT, LoopSpec.Mode.STORE)));
        LoopKernel kernel = LoopEmitter.simd(copy).orElseThrow();
        Object[] arrays = {new float[3 + Storage.ROOM], new float[3]};
        int[] geometry = {0, 3, 1, 0, 3, 1};
        assertThrows(IllegalStateException.class, () -> kernel.run(arrays, geometry, 0, 1, 3));
    }
}
