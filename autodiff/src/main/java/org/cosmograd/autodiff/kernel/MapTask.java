package org.cosmograd.autodiff.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// Generated loops over index spaces of any rank, which store elements or reduce along the last axis. Several that do not depend on one
/// another, such as the updates of all parameters by an optimiser, share the threads as one: a large one is cut, small ones go together.
public final class MapTask implements Task {
    private static final long GRAIN = 600_000;
    private static final int MOST_CHUNKS = 64;

    private final MapLoop[] loops;
    private final MapLoop.Piece[] pieces;
    private final int[] first;
    private final int chunks;
    private final Workers.Task body = this::chunk;

    /// A loop alone.
    ///
    /// @param operands sources and then sinks, each with one stride for each axis; a sink that reduces has stride 0 along the last
    /// @param cost arithmetic operations for one element, to judge whether threads pay
    public MapTask(LoopSpec body, int[] dims, List<Operand> operands, int cost) {
        this(List.of(new RowsTask.Stage(body, dims, operands, cost)));
    }

    /// Loops none of which reads or writes what another writes.
    public MapTask(List<RowsTask.Stage> parts) {
        this.loops = new MapLoop[parts.size()];
        long units = 0;
        long work = 0;
        for (int i = 0; i < loops.length; i++) {
            RowsTask.Stage p = parts.get(i);
            loops[i] = new MapLoop(p.body(), p.dims(), p.operands(), p.cost());
            units += loops[i].units;
            work += loops[i].work * loops[i].units;
        }
        // boundaries of chunks depend on the problem alone, so that results do not depend on threads
        long wanted = Math.max(1, Math.min(Math.min(units, MOST_CHUNKS), (work + GRAIN / 2) / GRAIN));
        long share = Math.max(1, (work + wanted - 1) / wanted);
        List<MapLoop.Piece> cut = new ArrayList<>();
        List<Integer> begins = new ArrayList<>(List.of(0));
        long room = share;
        for (MapLoop l : loops) {
            for (int from = 0; from < l.units; ) {
                if (room <= 0) {
                    begins.add(cut.size());
                    room = share;
                }
                int to = (int) Math.min(l.units, from + Math.max(1, (room + l.work - 1) / l.work));
                cut.add(l.piece(from, to));
                room -= (to - from) * l.work;
                from = to;
            }
        }
        this.pieces = cut.toArray(new MapLoop.Piece[0]);
        this.chunks = cut.isEmpty() ? 0 : begins.size();
        begins.add(cut.size());
        this.first = new int[begins.size()];
        for (int c = 0; c < first.length; c++) {
            first[c] = begins.get(c);
        }
    }

    @Override
    public void bind(Memory memory) {
        for (MapLoop l : loops) {
            l.bind(memory);
        }
        for (MapLoop.Piece p : pieces) {
            p.bind();
        }
    }

    @Override
    public void run() {
        if (chunks == 1) {
            chunk(0);
        } else if (chunks > 1) {
            Workers.run(chunks, body);
        }
    }

    private void chunk(int c) {
        for (int p = first[c]; p < first[c + 1]; p++) {
            pieces[p].run();
        }
    }

    @Override
    public String toString() {
        return Arrays.stream(loops).map(MapLoop::toString).collect(Collectors.joining(", "));
    }
}
