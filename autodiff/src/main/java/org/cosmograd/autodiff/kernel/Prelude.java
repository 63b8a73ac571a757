package org.cosmograd.autodiff.kernel;

import java.util.List;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Lanes.Lane;
import org.cosmograd.autodiff.kernel.LoopSpec.Access;
import org.cosmograd.autodiff.kernel.LoopSpec.Instruction;
import org.cosmograd.autodiff.kernel.LoopSpec.Mode;
import org.cosmograd.autodiff.kernel.LoopSpec.Sink;
import org.cosmograd.autodiff.kernel.LoopSpec.Source;

/// Begins as soon as there is a tensor: one thread in the background does for the first time what takes a fresh virtual machine long,
/// so that it is done when the first program is compiled. It loads what writes bytecode and links what records and switches are given,
/// and then rehearses the whole way of a small program, unless a program is being compiled already: then it would only be in the way.
/// It computes nothing that anybody uses.
public final class Prelude {
    private static boolean begun;
    private static volatile boolean over;

    private Prelude() {}

    /// Begins, if nobody has yet, unless the machine has a single processor.
    ///
    /// @param rehearsal a small program, compiled and run
    public static synchronized void begin(Runnable rehearsal) {
        if (!begun && Runtime.getRuntime().availableProcessors() > 1) {
            begun = true;
            Thread.ofPlatform().daemon().name("cosmograd-prelude").priority(Thread.NORM_PRIORITY - 1).start(() -> play(rehearsal));
        }
    }

    /// Says that the first program is being compiled.
    public static void end() {
        over = true;
    }

    private static void play(Runnable rehearsal) {
        try {
            for (DType type : List.of(DType.F32, DType.F64)) {
                Source source = new Source(type, Access.UNIT);
                List<Instruction> body = List.of(new Instruction(new Sample(), type, List.of(0, 1)));
                LoopSpec stores = new LoopSpec(List.of(source, source), body, List.of(new Sink(2, Access.UNIT, Mode.STORE)));
                LoopSpec sums = new LoopSpec(List.of(source, source), body, List.of(new Sink(2, Access.SPLAT, Mode.ROW_SUM)));
                // kernels are looked up by what records compare
                if (!stores.equals(sums)) {
                    LoopEmitter.scalar(stores);
                }
                LoopEmitter.scalar(sums);
            }
            if (!over) {
                rehearsal.run();
            }
        } catch (RuntimeException | LinkageError e) {
            // whoever needs the same will meet the same fault, and tell
            System.getLogger("org.cosmograd.autodiff").log(System.Logger.Level.DEBUG, "cosmograd: the prelude failed", e);
        }
    }

    /// A function of everything that single steps are made of.
    private record Sample() implements ElementFunction {
        @Override
        public Lane value(Lanes l, List<Lane> x) {
            Lane a = x.get(0);
            Lane b = x.get(1);
            Lane y = l.fma(a, b, l.constant(0.5));
            Lane z = l.div(l.sub(y, l.mul(a, b)), l.sqrt(l.max(l.abs(b), l.constant(1))));
            return l.select(l.less(y, z), l.fromBits(l.shiftLeft(l.and(l.bits(y), l.bitsConstant(1)), 1)), l.neg(l.add(y, z)));
        }
    }
}
