package org.cosmograd.nn;

import org.cosmograd.autodiff.Convolution;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;

/// The adjoint of a convolution with a bias, which makes images larger where that has a stride: every input pixel lays the kernel,
/// weighted, over the output. `x[B, …, inputs] → y[B, …, outputs]`; Zeiler et al. 2010, CVPR, 2528; the up-convolution of
/// arXiv:1505.04597.
///
///     ConvTranspose up = ConvTranspose.of(key, Convolution.valid(2).stride(2), 32, 16, 2, 2);    // twice the size
///
/// @param weight `W`, `[kernel…, outputs/groups, inputs]`: that of the convolution, which goes from outputs to inputs
/// @param bias `b`, `[outputs]`
/// @param convolution the convolution that this is the adjoint of
public record ConvTranspose(Tensor weight, Tensor bias, Convolution convolution) implements Layer {

    /// A layer with first values as in [Initialiser#HE].
    public static ConvTranspose of(Key key, Convolution convolution, int inputs, int outputs, int... kernel) {
        return of(key, Initialiser.HE, convolution, inputs, outputs, kernel);
    }

    /// A layer with first values as chosen.
    public static ConvTranspose of(
            Key key, Initialiser initialiser, Convolution convolution, int inputs, int outputs, int... kernel) {
        Conv.check("ConvTranspose", convolution, inputs, outputs, kernel);
        int groups = convolution.groups();
        int fanOut = outputs / groups;
        int fanIn = inputs / groups;
        for (int i = 0; i < kernel.length; i++) {
            fanOut = Math.multiplyExact(fanOut, kernel[i]);
            // a stride spreads the kernel over as many output pixels
            fanIn = Math.multiplyExact(fanIn, Math.ceilDiv(kernel[i], convolution.stride().get(i)));
        }
        Shape shape = Shape.of(kernel).concat(Shape.of(outputs / groups, inputs));
        return new ConvTranspose(
                initialiser.weight(key.fold(0), fanIn, fanOut, shape),
                initialiser.bias(key.fold(1), fanIn, fanOut, outputs),
                convolution);
    }

    /// The number of input channels.
    public int inputs() {
        return weight.dim(-1);
    }

    /// The number of output channels.
    public int outputs() {
        return weight.dim(-2) * convolution.groups();
    }

    @Override
    public Tensor apply(Tensor x) {
        Conv.check("ConvTranspose", x, convolution.rank(), inputs());
        return convolution.transposed(x, weight).add(bias);
    }

    @Override
    public String toString() {
        return "ConvTranspose(" + inputs() + " -> " + outputs() + ", " + Conv.described(convolution, weight) + ")";
    }
}
