package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Instruction;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;
import org.cosmograd.autodiff.kernel.LoopSpec.Sink;
import org.cosmograd.autodiff.kernel.LoopSpec.Source;

/// A loop that needs no class of its own: it runs instruction by instruction on the kernels of single operations, over tiles that stay in
/// the cache. These kernels are shared by all loops, so in a virtual machine where others ran they are compiled already, and a loop
/// never seen before runs at once at a good part of its later speed. The bits are those of the fused loop, because instructions do the
/// same arithmetic in any company.
///
/// What depends on no element is computed once for each row, or once.
final class TileLoop implements LoopKernel {
    /// Elements of a tile, but that a row which is reduced is never cut.
    private static final int TILE = 2048;

    /// One call of a kernel for each tile.
    ///
    /// @param arguments values that it reads
    /// @param type type of its result
    /// @param register where its result goes; -1 for a sink
    /// @param sink the number of the sink
    private record Call(LoopKernel kernel, Level level, int[] arguments, DType type, int register, int sink) {}

    /// What a value depends on.
    private enum Level {
        NOTHING,
        ROW,
        ELEMENT
    }

    /// Where a value lies.
    ///
    /// @param source number of the source, or -1
    /// @param register number of the register among those of its type, or -1
    private record Value(DType type, Level level, int source, int register) {}

    private final int sources;
    private final Value[] values;
    private final Call[] calls;
    private final int[] registers = new int[DType.values().length]; // of each type
    private final boolean wholeRows;
    private final int operands;

    TileLoop(LoopSpec spec) {
        this.sources = spec.sources().size();
        this.operands = sources + spec.sinks().size();
        this.wholeRows = spec.reducesRows();
        this.values = new Value[sources + spec.body().size()];
        for (int s = 0; s < sources; s++) {
            Source source = spec.sources().get(s);
            values[s] = new Value(source.type(), source.access() == Access.SPLAT ? Level.ROW : Level.ELEMENT, s, -1);
        }
        int[] lastUse = new int[values.length];
        for (int i = 0; i < spec.body().size(); i++) {
            for (int a : spec.body().get(i).arguments()) {
                lastUse[a] = i;
            }
        }
        for (Sink s : spec.sinks()) {
            lastUse[s.value()] = Integer.MAX_VALUE;
        }
        List<List<Integer>> free = new ArrayList<>();
        for (int t = 0; t < registers.length; t++) {
            free.add(new ArrayList<>());
        }
        List<Call> all = new ArrayList<>();
        for (int i = 0; i < spec.body().size(); i++) {
            Instruction x = spec.body().get(i);
            Level level = Level.NOTHING;
            List<Source> read = new ArrayList<>();
            List<Integer> numbers = new ArrayList<>();
            for (int a : x.arguments()) {
                level = values[a].level.compareTo(level) > 0 ? values[a].level : level;
            }
            for (int a : x.arguments()) {
                Access own = a < sources ? spec.sources().get(a).access() : Access.UNIT;
                read.add(new Source(values[a].type, level != Level.ELEMENT ? Access.UNIT : values[a].level == Level.ELEMENT ? own : Access.SPLAT));
                numbers.add(numbers.size());
            }
            int[] arguments = new int[numbers.size()];
            for (int a = 0; a < arguments.length; a++) {
                arguments[a] = x.arguments().get(a);
            }
            Instruction alone = new Instruction(x.function(), x.type(), numbers);
            int direct = i == spec.body().size() - 1 && level == Level.ELEMENT ? onlySink(spec, sources + i) : -1;
            if (direct >= 0) {
                // reads of sources come first: the sink may lie on one of them
                copies(spec, true, -1, all);
                Sink sink = spec.sinks().get(direct);
                LoopSpec single = new LoopSpec(read, List.of(alone), List.of(new Sink(numbers.size(), sink.access(), Mode.STORE)));
                all.add(new Call(Loops.kernel(single), level, arguments, x.type(), -1, direct));
                copies(spec, false, direct, all);
                this.calls = all.toArray(new Call[0]);
                return;
            }
            LoopSpec single = new LoopSpec(read, List.of(alone), List.of(new Sink(numbers.size(), Access.UNIT, Mode.STORE)));
            List<Integer> pool = free.get(x.type().ordinal());
            int register = pool.isEmpty() ? registers[x.type().ordinal()]++ : pool.removeLast();
            values[sources + i] = new Value(x.type(), level, -1, register);
            all.add(new Call(Loops.kernel(single), level, arguments, x.type(), register, -1));
            for (int k = 0; k < arguments.length; k++) {
                int a = arguments[k];
                if (a >= sources && lastUse[a] == i && x.arguments().indexOf(a) == k) {
                    free.get(values[a].type.ordinal()).add(values[a].register);
                }
            }
        }
        copies(spec, true, -1, all);
        copies(spec, false, -1, all);
        this.calls = all.toArray(new Call[0]);
    }

    /// The sink that stores a value if that is all that is done with it, or -1.
    private static int onlySink(LoopSpec spec, int value) {
        int found = -1;
        for (int k = 0; k < spec.sinks().size(); k++) {
            Sink sink = spec.sinks().get(k);
            if (sink.value() == value) {
                found = found < 0 && sink.mode() == Mode.STORE ? k : spec.sinks().size();
            }
        }
        return found == spec.sinks().size() ? -1 : found;
    }

    /// What goes to sinks from sources, or from registers.
    private void copies(LoopSpec spec, boolean fromSources, int but, List<Call> all) {
        for (int k = 0; k < spec.sinks().size(); k++) {
            Sink sink = spec.sinks().get(k);
            if (k != but && sink.value() < sources == fromSources) {
                Value v = values[sink.value()];
                Access own = v.source >= 0 ? spec.sources().get(v.source).access() : v.level == Level.ELEMENT ? Access.UNIT : Access.SPLAT;
                LoopSpec copy = new LoopSpec(List.of(new Source(v.type, own)), List.of(), List.of(new Sink(0, sink.access(), sink.mode())));
                all.add(new Call(Loops.kernel(copy), Level.ELEMENT, new int[] {sink.value()}, v.type, -1, k));
            }
        }
    }

    /// Registers, and operands of the call at hand.
    private static final class Scratch {
        private float[] floats = new float[0];
        private double[] doubles = new double[0];
        private int[] ints = new int[0];
        private Object[] arrays = new Object[8];
        private int[] geometry = new int[24];

        void reserve(int[] registers, int room, int operands) {
            floats = floats.length < registers[DType.F32.ordinal()] * room ? new float[registers[DType.F32.ordinal()] * room] : floats;
            doubles = doubles.length < registers[DType.F64.ordinal()] * room ? new double[registers[DType.F64.ordinal()] * room] : doubles;
            ints = ints.length < registers[DType.I32.ordinal()] * room ? new int[registers[DType.I32.ordinal()] * room] : ints;
            if (arrays.length < operands) {
                arrays = new Object[operands];
                geometry = new int[3 * operands];
            }
        }

        Object array(DType type) {
            return switch (type) {
                case F32 -> floats;
                case F64 -> doubles;
                case I32 -> ints;
            };
        }
    }

    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    @Override
    public void run(Object[] arrays, int[] geometry, int rowBegin, int rowEnd, int n) {
        if (rowBegin >= rowEnd) {
            return;
        }
        Scratch s = SCRATCH.get();
        boolean cut = !wholeRows && n > 2 * TILE;
        int rows = cut ? 1 : Math.clamp(TILE / Math.max(1, n), 1, rowEnd - rowBegin);
        int piece = cut ? TILE : n;
        int room = (rows * Math.max(1, piece) + 31) / 16 * 16;
        s.reserve(registers, room, operands);
        for (int row = rowBegin; row < rowEnd; row += rows) {
            int count = Math.min(rows, rowEnd - row);
            int from = 0;
            do {
                tile(s, arrays, geometry, row, count, from, Math.min(piece, n - from), room);
                from += piece;
            } while (from < n);
        }
    }

    // rows keep their numbers, because partial rows are chosen by them
    private void tile(Scratch s, Object[] arrays, int[] geometry, int row, int rows, int from, int n, int room) {
        for (Call c : calls) {
            int k = 0;
            for (int a : c.arguments) {
                Value v = values[a];
                if (v.source >= 0) {
                    outside(s, k, arrays[v.source], geometry, 3 * v.source, from);
                } else {
                    inside(s, k, v.type, v.register * room, v.level == Level.ELEMENT ? n : v.level == Level.ROW ? 1 : 0, row);
                    s.geometry[3 * k + 2] = v.level == Level.ELEMENT ? 1 : 0;
                }
                k++;
            }
            if (c.register >= 0) {
                inside(s, k, c.type, c.register * room, c.level == Level.ELEMENT ? n : 1, row);
                s.geometry[3 * k + 2] = 1;
            } else {
                outside(s, k, arrays[sources + c.sink], geometry, 3 * (sources + c.sink), from);
            }
            c.kernel.run(s.arrays, s.geometry, row, row + (c.level == Level.NOTHING ? 1 : rows), c.level == Level.ELEMENT ? n : 1);
        }
    }

    /// Whether in all operands up to `last` each row begins where the one before ends.
    private static boolean follow(int[] geometry, int last, int n) {
        for (int k = 0; k <= last; k++) {
            if (geometry[3 * k + 1] != n * geometry[3 * k + 2]) {
                return false;
            }
        }
        return true;
    }

    private static void outside(Scratch s, int k, Object array, int[] geometry, int at, int from) {
        s.arrays[k] = array;
        s.geometry[3 * k] = geometry[at] + from * geometry[at + 2];
        s.geometry[3 * k + 1] = geometry[at + 1];
        s.geometry[3 * k + 2] = geometry[at + 2];
    }

    private static void inside(Scratch s, int k, DType type, int at, int rowStride, int row) {
        s.arrays[k] = s.array(type);
        s.geometry[3 * k] = at - row * rowStride;
        s.geometry[3 * k + 1] = rowStride;
    }
}
