package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The laws of trees, on trees of every kind of node.
class TreeTest {
    record Layer(Tensor weight, Tensor bias, UnaryOperator<Tensor> activation) {}

    record Model(String name, int depth, List<Layer> layers, Map<String, Tensor> extra, Optional<String> note) {}

    record Pair<A, B>(A first, B second) {}

    record Nothing() {}

    private record Hidden(Tensor value) {}

    private static Layer layer(int i) {
        return new Layer(Tensor.of(new double[][] {{i, 1}, {2, 3}}), Tensor.of(i + 0.5, i), Tensor::tanh);
    }

    private static Model model() {
        Map<String, Tensor> extra = new LinkedHashMap<>();
        extra.put("b", Tensor.of(1.0));
        extra.put("a", Tensor.of(2.0));
        return new Model("m", 2, List.of(layer(1), layer(2)), extra, Optional.of("n"));
    }

    static List<Object> trees() {
        return List.of(
                Tensor.of(1.0, 2.0),
                List.of(),
                List.of(Tensor.of(1.0), List.of(Tensor.of(2.0), "text"), 3),
                Map.of("x", Tensor.of(1.0)),
                new Hidden(Tensor.of(7.0)),
                new Pair<>(Key.of(3), new Pair<>(new Nothing(), List.of(layer(4)))),
                model(),
                "no tensor at all");
    }

    @ParameterizedTest
    @MethodSource("trees")
    void mappingIdentityIsTheSameTree(Object tree) {
        assertSame(tree, Tree.map(tree, x -> x));
    }

    @ParameterizedTest
    @MethodSource("trees")
    void leavesOfAMapAreTheMapOfTheLeaves(Object tree) {
        Map<Tensor, Tensor> images = new java.util.IdentityHashMap<>();
        Object mapped = Tree.map(tree, x -> images.computeIfAbsent(x, k -> k.dtype().isFloating() ? k.exp() : k.neg()));
        List<Tensor> expected = Tree.leaves(tree).stream().map(images::get).toList();
        assertEquals(expected, Tree.leaves(mapped));
    }

    @ParameterizedTest
    @MethodSource("trees")
    void rebuiltFromItsLeavesIsEqual(Object tree) {
        assertEquals(tree, Tree.rebuild(tree, Tree.leaves(tree)));
        Object other = Tree.map(tree, x -> Tensor.zeros(x.type()));
        assertEquals(tree, Tree.rebuild(other, Tree.leaves(tree)));
    }

    @ParameterizedTest
    @MethodSource("trees")
    void namesAreInTheOrderOfLeaves(Object tree) {
        assertEquals(Tree.leaves(tree), new ArrayList<>(Tree.named(tree).values()));
    }

    @Test
    void names() {
        assertEquals(
                List.of("layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "extra.b", "extra.a"),
                List.copyOf(Tree.named(model()).keySet()));
        assertEquals(14, Tree.size(model()));
    }

    @Test
    void otherValuesRideAlong() {
        Model old = model();
        Model now = Tree.map(old, x -> x.mul(2));
        assertEquals("m", now.name());
        assertEquals(2, now.depth());
        assertSame(old.note(), now.note());
        assertSame(old.layers().get(0).activation(), now.layers().get(0).activation());
        assertArrayEquals(new double[] {3, 2}, now.layers().getFirst().bias().toDoubles());
        assertEquals(List.of("b", "a"), List.copyOf(now.extra().keySet()));
    }

    @Test
    void treesOfOneFormAreCombined() {
        Model sum = Tree.map(model(), model(), Tensor::add);
        assertArrayEquals(new double[] {3, 2}, sum.layers().getFirst().bias().toDoubles());
        assertEquals(4, sum.extra().get("a").item());
    }

    @Test
    void gradientsHaveTheFormOfTheModel() {
        Model g = Gradient.of((Model m) -> m.layers().get(1).bias().square().sum().add(m.extra().get("a").sum()), model());
        assertArrayEquals(new double[] {5, 4}, g.layers().get(1).bias().toDoubles());
        assertArrayEquals(new double[] {0, 0}, g.layers().get(0).bias().toDoubles());
        assertEquals(1, g.extra().get("a").item());
        assertEquals("m", g.name());
    }
}
