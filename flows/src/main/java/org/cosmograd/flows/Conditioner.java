package org.cosmograd.flows;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.nn.Activation;
import org.cosmograd.nn.Initialiser;
import org.cosmograd.nn.Linear;

/// The network of a coupling layer, `(a, context) → outputs`: `y = M σ(… σ(a V + context W + b))`. The first layer is split, so a
/// context shared by all rows goes through it once. It begins with `y = 0` everywhere.
///
/// @param fromInput `V`, `[a, H]`; `a` may be 0
/// @param fromContext `W` and `b`, `[C, H]`; `C` may be 0
/// @param hidden further layers `[H, H]`
/// @param last `M`, `[H, outputs]`
/// @param activation `σ`
public record Conditioner(Tensor fromInput, Linear fromContext, List<Linear> hidden, Linear last, Activation activation) {

    /// A network with `depth` hidden layers of `width` features.
    public static Conditioner of(Key key, int inputs, int contextSize, int outputs, int width, int depth, Activation activation) {
        Linear first = Linear.of(key.fold(0), Math.max(1, inputs + contextSize), width);
        Tensor weight = first.weight();
        List<Linear> hidden = new ArrayList<>();
        for (int i = 1; i < depth; i++) {
            hidden.add(Linear.of(key.fold(i), width, width));
        }
        return new Conditioner(
                weight.slice(0, 0, inputs),
                new Linear(weight.slice(0, inputs, inputs + contextSize), first.bias()),
                List.copyOf(hidden),
                Linear.of(key.fold(depth), Initialiser.ZEROS, width, outputs),
                activation);
    }

    /// The outputs `[n, outputs]` for inputs `[n, a]` and a context `[n, C]` or `[1, C]`; one row if there are no inputs and one context.
    public Tensor apply(Tensor a, Tensor context) {
        Tensor h = fromContext.inputs() == 0 ? fromContext.bias().expand(0) : fromContext.apply(context);
        if (fromInput.dim(0) > 0) {
            h = a.matmul(fromInput).add(h);
        }
        for (Linear layer : hidden) {
            h = layer.apply(activation.apply(h));
        }
        return last.apply(activation.apply(h));
    }
}
