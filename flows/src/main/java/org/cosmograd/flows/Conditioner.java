package org.cosmograd.flows;

import java.util.ArrayList;
import java.util.List;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.nn.Activation;
import org.cosmograd.nn.Initialiser;
import org.cosmograd.nn.Linear;

/// The network of a coupling layer, `(a, context) → outputs`: `y = M σ(… σ((a, context) W + b))`. It begins with `y = 0` everywhere.
///
/// @param first `W` and `b`, `[a + C, H]`
/// @param hidden further layers `[H, H]`
/// @param last `M`, `[H, outputs]`
/// @param inputs the number of features of `a`, which may be 0, as may that of the context
/// @param activation `σ`
public record Conditioner(Linear first, List<Linear> hidden, Linear last, int inputs, Activation activation) {

    /// A network with `depth` hidden layers of `width` features.
    public static Conditioner of(Key key, int inputs, int contextSize, int outputs, int width, int depth, Activation activation) {
        List<Linear> hidden = new ArrayList<>();
        for (int i = 1; i < depth; i++) {
            hidden.add(Linear.of(key.fold(i), width, width));
        }
        return new Conditioner(
                Linear.of(key.fold(0), inputs + contextSize, width),
                List.copyOf(hidden),
                Linear.of(key.fold(depth), Initialiser.ZEROS, width, outputs),
                inputs,
                activation);
    }

    /// The outputs `[n, outputs]` for inputs `[n, a]` and a context `[n, C]` or `[1, C]`; one row if there are no inputs and one context.
    public Tensor apply(Tensor a, Tensor context) {
        Tensor h = features(a, context);
        for (Linear layer : hidden) {
            h = layer.apply(activation.apply(h));
        }
        return last.apply(activation.apply(h));
    }

    private Tensor features(Tensor a, Tensor context) {
        int all = first.inputs();
        if (all == 0) {
            return first.bias().expand(0);
        } else if (inputs == 0) {
            return first.apply(context);
        } else if (inputs == all) {
            return first.apply(a);
        } else if (context.dim(0) == a.dim(0)) {
            return first.apply(Tensor.concat(1, a, context));
        }
        // a context shared by all rows goes through the layer once
        Tensor shared = context.matmul(first.weight().slice(0, inputs, all)).add(first.bias());
        return a.matmul(first.weight().slice(0, 0, inputs)).add(shared);
    }
}
