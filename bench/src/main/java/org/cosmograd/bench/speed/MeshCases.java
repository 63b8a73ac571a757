package org.cosmograd.bench.speed;

import static org.cosmograd.bench.speed.Expressions.normal;

import java.util.List;
import java.util.function.Function;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.MassAssignment;
import org.cosmograd.autodiff.Tensor;

/// Cloud-in-cell mass assignment and read-out, single precision: one particle for each cell of a periodic mesh of 128³, in the order of
/// the lattice, displaced by up to a cell along each axis.
final class MeshCases {
    private static final int RUNS = 5;
    private static final int N = 128;

    private MeshCases() {}

    static List<Case> all() {
        return List.of(
                mesh("cic_paint_128", "128³ particles painted on a mesh of 128³", v -> List.of(paint(v))),
                mesh("cic_read_128", "a mesh of 128³ read at 128³ particles", v -> List.of(read(v))),
                mesh("cic_paint_read_128", "128³ particles painted, and a mesh read at them", v -> List.of(paint(v), read(v))));
    }

    private static Tensor paint(List<Tensor> v) {
        return MassAssignment.CLOUD_IN_CELL.paint(v.get(0), N, N, N);
    }

    private static Tensor read(List<Tensor> v) {
        return MassAssignment.CLOUD_IN_CELL.read(v.get(1), v.get(0));
    }

    private static Case mesh(String name, String about, Function<List<Tensor>, List<Tensor>> f) {
        return Case.of(name, about, RUNS, Expressions.of(f, () -> List.of(particles(), normal(2, N, N, N)))).items((long) N * N * N);
    }

    private static Tensor particles() {
        Tensor line = Tensor.iota(N).cast(DType.F32);
        Tensor lattice = Tensor.stack(3, along(line, 0), along(line, 1), along(line, 2)).reshape(N * N * N, 3);
        return Expressions.evaluated(lattice.add(Key.of(1).uniform(DType.F32, N * N * N, 3)));
    }

    private static Tensor along(Tensor line, int axis) {
        int[] dims = {1, 1, 1};
        dims[axis] = N;
        return line.reshape(dims).broadcastTo(N, N, N);
    }
}
