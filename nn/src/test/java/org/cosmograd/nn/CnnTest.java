package org.cosmograd.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.cosmograd.autodiff.Convolution.Boundary;
import org.cosmograd.autodiff.DType;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.autodiff.Tree;
import org.junit.jupiter.api.Test;

/// Convolutional networks learn from images.
class CnnTest {
    private static final Key KEY = Key.of(17);

    record Pairs(Tensor x, Tensor y) {}

    /// Noisy pictures `f32[n, 16, 16, 1]` of elliptical Gaussian blobs of random size, place and ellipticity `(e₁, e₂)`, `f32[n, 2]`:
    /// covariance `s² [[1 + e₁, e₂], [e₂, 1 - e₁]]`.
    private static Pairs galaxies(Key key, int n) {
        Tensor e = key.fold(0).uniform(DType.F32, n, 2).sub(0.5);
        Tensor centre = key.fold(1).uniform(DType.F32, n, 2).mul(6).add(4.5);
        Tensor size = key.fold(2).uniform(DType.F32, n, 1, 1).add(1.5);
        Tensor e1 = e.slice(1, 0, 1).expand(-1);
        Tensor e2 = e.slice(1, 1, 2).expand(-1);
        Tensor u = Tensor.iota(16).cast(DType.F32).reshape(1, 16, 1).sub(centre.slice(1, 0, 1).expand(-1));
        Tensor v = Tensor.iota(16).cast(DType.F32).reshape(1, 1, 16).sub(centre.slice(1, 1, 2).expand(-1));
        Tensor form = u.square().mul(e1.neg().add(1)).sub(u.mul(v).mul(e2).mul(2)).add(v.square().mul(e1.add(1)));
        Tensor determinant = e1.square().add(e2.square()).neg().add(1);
        Tensor light = form.div(determinant.mul(size.square())).mul(-0.5).exp();
        Tensor seen = light.add(key.fold(3).normal(DType.F32, n, 16, 16).mul(0.05));
        return Tree.map(new Pairs(seen.expand(-1), e), t -> Tensor.of(t.type(), t.storage()));
    }

    private static Tensor error(Tensor y, Pairs d) {
        return y.sub(d.y()).square().mean();
    }

    /// The errors' anchors: without looking, the variance of the truth, 1/12; a linear map of the pixels, which cannot know where
    /// the blob is, trained on the same data.
    @Test
    void learnsShapes() {
        Pairs train = galaxies(KEY.fold(0), 3000);
        Pairs test = galaxies(KEY.fold(1), 1000);
        FitSettings s = FitSettings.DEFAULT.withBatch(50).withRate(4e-3).withEpochs(4).withSchedule(Schedule.cosine(4 * 60, 0.01));

        Fit<Linear, Pairs> line = Fit.layer(d -> d.x().reshape(d.x().dim(0), 256), CnnTest::error);
        double linear = line.train(Linear.of(KEY, 256, 2), train, test, s).bestLoss();
        assertEquals(1 / 12.0, error(Tensor.zeros(DType.F32, 1000, 2), test).item(), 0.01);
        assertTrue(linear > 0.05, "linear map " + linear);

        Fit<ResNet, Pairs> fit = Fit.layer(Pairs::x, CnnTest::error);
        double network = fit.train(ResNet.of(KEY, Recipe.PLANE, 1, List.of(16, 32), 1, 2), train, test, s).bestLoss();
        assertTrue(network < 0.004, "network " + network);
    }

    /// A U-Net takes the noise off: its anchor is the best that weights for each pixel alone can do, `σ²v/(σ² + v)` with the variance
    /// `v` of the clean pixels.
    @Test
    void takesNoiseOff() {
        Tensor clean = galaxies(KEY.fold(2), 600).x();
        Tensor noisy = Augmentation.noise(clean, 0.3, KEY.fold(3));
        double v = clean.sub(clean.mean()).square().mean().item();
        double single = 0.09 * v / (0.09 + v);
        Recipe recipe = Recipe.PLANE.withNorm(Recipe.Norm.GROUP).withBoundary(Boundary.REFLECT);
        FitSettings s = FitSettings.DEFAULT.withBatch(20).withRate(4e-3).withEpochs(3);
        Fit<UNet, Pairs> fit = Fit.layer(Pairs::x, CnnTest::error);
        Fit.Result<UNet> r = fit.train(UNet.of(KEY, recipe, 1, 4, 2, 1), new Pairs(noisy, clean), s);
        assertTrue(r.bestLoss() < 0.4 * single, r.bestLoss() + " against " + single);
    }

    record Pictures(Tensor x, Tensor y) {}

    /// The example of the package page: the lines between the marks stand there too.
    @Test
    void pageOfThePackage() throws Exception {
        Tensor images = galaxies(KEY, 40).x();
        Tensor sizes = images.sum(1, 2);
        FitSettings settings = FitSettings.DEFAULT.withBatch(20).withEpochs(2);
        // --- begin
        ResNet net = ResNet.of(Key.of(1), Recipe.PLANE, 1, List.of(8, 16), 1, 1);
        Fit<ResNet, Pictures> fit = Fit.passes(
                (m, d, key) -> m.train(Augmentation.dihedral(d.x(), key.fold(0)), key.fold(1))
                        .then(y -> y.sub(d.y()).square().mean()),
                (m, d) -> m.apply(d.x()).sub(d.y()).square().mean());
        ResNet trained = fit.train(net, new Pictures(images, sizes), settings).model();
        Tensor estimate = trained.apply(images);
        // --- end
        assertEquals("f32[40, 1]", estimate.type().toString());
        String source = Files.readString(Path.of("src/test/java/org/cosmograd/nn/CnnTest.java"));
        String begin = "// --- " + "begin";
        String example = source.substring(source.indexOf(begin) + begin.length(), source.indexOf("// --- " + "end"));
        String page = Files.readString(Path.of("src/main/java/org/cosmograd/nn/package-info.java"));
        assertTrue(lines(page.replace("///", "")).contains(lines(example)), "the package page must show:\n" + example);
    }

    private static String lines(String text) {
        return text.lines().map(String::strip).filter(l -> !l.isEmpty()).collect(Collectors.joining("\n"));
    }
}
