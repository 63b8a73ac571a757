package org.cosmograd.nn;

import java.math.BigInteger;
import java.util.Collections;
import org.cosmograd.autodiff.Convolution;
import org.cosmograd.autodiff.Convolution.Boundary;
import org.cosmograd.autodiff.Key;

/// What the parts of a convolutional network have in common.
///
///     ResNet net = ResNet.of(key, Recipe.PLANE, 1, List.of(32, 64), 2, 3);
///     UNet field = UNet.of(key, Recipe.VOLUME.withBoundary(Boundary.PERIODIC).withNorm(Norm.GROUP), 1, 16, 3, 3);
///
/// @param axes the number of axes of an image, 1 to 3
/// @param boundary what stands around the images: periodic for simulated boxes
/// @param norm the normalisation before or after convolutions
/// @param activation the function between them
public record Recipe(int axes, Boundary boundary, Norm norm, Activation activation) {
    /// Pictures with zeros around, batch normalisation and rectifiers.
    public static final Recipe PLANE = new Recipe(2, Boundary.ZERO, Norm.BATCH, Activation.RELU);

    /// Volumes with zeros around, batch normalisation and rectifiers.
    public static final Recipe VOLUME = new Recipe(3, Boundary.ZERO, Norm.BATCH, Activation.RELU);

    /// The choice of normalisation.
    public enum Norm {
        /// [BatchNorm]
        BATCH,
        /// [GroupNorm] in groups of 16 channels, or of as many as divide both 16 and the channels
        GROUP,
        /// [GroupNorm#instance]
        INSTANCE,
        /// [LayerNorm] over the channels of each pixel
        LAYER,
        /// none
        NONE;

        /// A layer over `n` channels.
        public Layer of(int n) {
            return switch (this) {
                case BATCH -> BatchNorm.of(n);
                case GROUP -> GroupNorm.of(n / BigInteger.valueOf(n).gcd(BigInteger.valueOf(16)).intValue(), n);
                case INSTANCE -> GroupNorm.instance(n);
                case LAYER -> LayerNorm.of(n);
                case NONE -> Activation.IDENTITY;
            };
        }
    }

    /// With another boundary.
    public Recipe withBoundary(Boundary other) {
        return new Recipe(axes, other, norm, activation);
    }

    /// With another normalisation.
    public Recipe withNorm(Norm other) {
        return new Recipe(axes, boundary, other, activation);
    }

    /// With another activation.
    public Recipe withActivation(Activation other) {
        return new Recipe(axes, boundary, norm, other);
    }

    /// A convolution that keeps the size, or with a stride the size over the stride, rounded up; first values by He et al.
    public Conv conv(Key key, int inputs, int outputs, int kernel, int stride) {
        return conv(key, Initialiser.HE, inputs, outputs, kernel, stride);
    }

    Conv conv(Key key, Initialiser initialiser, int inputs, int outputs, int kernel, int stride) {
        Convolution how = Convolution.same(axes).boundary(boundary).stride(stride);
        return Conv.of(key, initialiser, how, inputs, outputs, cube(kernel));
    }

    /// Convolution, normalisation, activation.
    public Sequential unit(Key key, int inputs, int outputs, int kernel) {
        return Sequential.of(conv(key, inputs, outputs, kernel, 1), norm.of(outputs), activation);
    }

    int[] cube(int size) {
        return Collections.nCopies(axes, size).stream().mapToInt(i -> i).toArray();
    }

    @Override
    public String toString() {
        return axes + (axes == 1 ? " axis, " : " axes, ") + boundary + ", " + norm + ", " + activation;
    }
}
