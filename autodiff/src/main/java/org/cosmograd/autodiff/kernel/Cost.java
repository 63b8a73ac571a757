package org.cosmograd.autodiff.kernel;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.kernel.Lanes.Lane;

/// How many operations of [Lanes] a function takes for one element.
public final class Cost {
    private static final Map<ElementFunction, Integer> KNOWN = new ConcurrentHashMap<>();

    private Cost() {}

    /// The number of operations of `f` on `arity` values, constants not counted.
    public static int of(ElementFunction f, int arity, DType type) {
        return KNOWN.computeIfAbsent(f, key -> count(key, arity, type));
    }

    private record Dummy() implements Lane, Lanes.Mask, Lanes.Bits {}

    private static int count(ElementFunction f, int arity, DType type) {
        int[] calls = {0};
        Dummy dummy = new Dummy();
        Lanes lanes = (Lanes) Proxy.newProxyInstance(Lanes.class.getClassLoader(), new Class<?>[] {Lanes.class}, (proxy, method, args) -> {
            switch (method.getName()) {
                case "type" -> {
                    return type;
                }
                case "constant", "bitsConstant", "bits", "fromBits" -> {}
                case "call" -> calls[0] += 40;
                case "div", "sqrt" -> calls[0] += 4;
                default -> calls[0]++;
            }
            return dummy;
        });
        List<Lane> x = new ArrayList<>();
        for (int i = 0; i < arity; i++) {
            x.add(dummy);
        }
        f.value(lanes, x);
        return calls[0];
    }
}
