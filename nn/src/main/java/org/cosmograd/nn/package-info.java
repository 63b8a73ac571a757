/// Neural networks as records: a model is an immutable tree of tensors with a method that applies it.
///
///     Mlp net = Mlp.of(Key.of(1), Activation.SILU, 2, 64, 64, 1);
///     record Pairs(Tensor x, Tensor y) {}
///     Fit<Mlp, Pairs> fit = Fit.of((m, d) -> m.apply(d.x()).sub(d.y()).square().mean());
///     Mlp trained = fit.train(net, data, FitSettings.DEFAULT).model();
///     Safetensors.of(trained, Map.of()).write(path);
///
/// A convolutional network, with images turned and mirrored at random in training; channels are the last axis:
///
///     record Pictures(Tensor x, Tensor y) {}
///     ResNet net = ResNet.of(Key.of(1), Recipe.PLANE, 1, List.of(8, 16), 1, 1);
///     Fit<ResNet, Pictures> fit = Fit.passes(
///             (m, d, key) -> m.train(Augmentation.dihedral(d.x(), key.fold(0)), key.fold(1))
///                     .then(y -> y.sub(d.y()).square().mean()),
///             (m, d) -> m.apply(d.x()).sub(d.y()).square().mean());
///     ResNet trained = fit.train(net, new Pictures(images, sizes), settings).model();
///     Tensor estimate = trained.apply(images);
///
/// | what | types |
/// |---|---|
/// | layers | [Linear], [Mlp], [ResidualMlp], [Dropout], [Standardise], [Activation], [Sequential]; each is a [Layer] |
/// | normalisation | [BatchNorm], [GroupNorm], [LayerNorm]; in training a layer gives back a [Pass] |
/// | layers for images | [Conv], [ConvTranspose], [Pool], [Upsample], [GlobalPool], [SqueezeExcitation] |
/// | networks for images | [Recipe] for what their parts share; [Bottleneck], [ResNet], [InceptionBlock], [UNet] |
/// | images varied in training | [Augmentation] |
/// | first values | [Initialiser] |
/// | optimisers | [Sgd], [Adam], [AdamW]: an [Optimiser] is a pure function of trees; [Schedule] for the learning rate |
/// | training | [Fit], [FitSettings], [FitListener] with [MetricsCsv], [Progress] and [TensorBoardEvents] |
/// | files | [Safetensors]; JSON and whole files in [org.cosmograd.nn.io] |
///
/// Layers that differ in training say so: [Layer#train] takes a key and gives back the result with the layer as it is afterwards, its
/// running averages moved. [Fit#layer] and [Fit#passes] train such layers; [Layer#apply] is what is used and validated.
///
/// A training step is a pure function from trees to trees, traced once and replayed for every batch. Constants live in a model
/// behind [org.cosmograd.autodiff.Tensor#stopGradient]: no optimiser moves what the loss does not depend on.
@NullMarked
package org.cosmograd.nn;

import org.jspecify.annotations.NullMarked;
