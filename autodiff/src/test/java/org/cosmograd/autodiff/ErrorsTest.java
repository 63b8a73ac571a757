package org.cosmograd.autodiff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Errors are sentences to a colleague, compared as a whole.
class ErrorsTest {
    private static final Tensor SCALAR = Tensor.scalar(1, DType.F32);
    private static final Tensor VECTOR = Tensor.of(1f, 2f, 3f);
    private static final Tensor MATRIX = Tensor.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
    private static final Tensor DOUBLES = Tensor.of(1.0, 2.0, 3.0);
    private static final Tensor INTS = Tensor.of(1, 2, 3);

    private static void shape(String sentence, Executable wrong) {
        assertEquals(sentence, assertThrows(ShapeException.class, wrong).getMessage());
    }

    @Test
    void making() {
        shape("Tensor.of: 2 elements given, [3] needs 3", () -> Tensor.of(Shape.of(3), 1f, 2f));
        shape("Tensor.of: row 1 has 1 elements, row 0 has 2", () -> Tensor.of(new double[][] {{1, 2}, {3}}));
        shape("shape: sizes cannot be negative, got [2, -3]", () -> Shape.of(2, -3));
        shape("shape: [65536, 65536] holds more than 2147483583 elements, the most one tensor can have; split it",
                () -> Tensor.zeros(DType.F32, 65536, 65536));
    }

    @Test
    void looking() {
        shape("item: needs exactly one element, got f32[3]; index it or reduce it first", VECTOR::item);
        shape("get: 1 indices given, f32[2, 3] has 2 axes", () -> MATRIX.get(1));
        shape("get: index [1, 3] is outside f32[2, 3]", () -> MATRIX.get(1, 3));
        shape("toRows: needs a matrix, got f32[3]", VECTOR::toRows);
        shape("dim: axis 2 does not exist in [2, 3], which has 2 axes", () -> MATRIX.dim(2));
        shape("sum: axis -2 does not exist in [3], which has 1 axis", () -> VECTOR.sum(-2));
    }

    @Test
    void elementwise() {
        shape("add: shapes do not broadcast: [2, 3] and [2] (3 and 2 on axis -1)", () -> MATRIX.add(Tensor.of(1f, 2f)));
        shape("mul: element types differ: f32[3] and f64[3]; cast() one of them", () -> VECTOR.mul(DOUBLES));
        shape("where: element types differ: f32[3] and f64[3]; cast() one of them", () -> VECTOR.where(VECTOR, DOUBLES));
        shape("where: shapes do not broadcast: [2] and [3] (2 and 3 on axis -1)", () -> Tensor.of(1f, 0f).where(VECTOR, VECTOR));
        shape("exp: needs floating-point elements, got i32[3]; cast() it first", INTS::exp);
    }

    @Test
    void products() {
        shape("matmul: inner dimensions differ: [2, 3] x [2, 3] (3 != 2)", () -> MATRIX.matmul(MATRIX));
        shape("matmul: inner dimensions differ: [3] x [2, 3] (3 != 2)", () -> VECTOR.matmul(MATRIX));
        shape("matmul: inner dimensions differ: [5, 2, 3] x [2, 4] (3 != 2)",
                () -> Tensor.zeros(DType.F32, 5, 2, 3).matmul(Tensor.zeros(DType.F32, 2, 4)));
        shape("matmul, leading axes: shapes do not broadcast: [5] and [4] (5 and 4 on axis -1)",
                () -> Tensor.zeros(DType.F32, 5, 2, 3).matmul(Tensor.zeros(DType.F32, 4, 3, 2)));
        shape("matmul: needs vectors or matrices, got f32[] x f32[3]", () -> SCALAR.matmul(VECTOR));
        shape("matmul: needs two operands of one floating type, got f32[2, 3] x f64[3, 1]", () -> MATRIX.matmul(DOUBLES));
        shape("cholesky: needs square floating-point matrices in the last two axes, got f32[2, 3]", MATRIX::cholesky);
        shape("solveTriangular: needs matrices, got f32[2, 3] and f32[3]", () -> MATRIX.solveTriangular(VECTOR, false));
        shape("triangularSolve: the right side f32[3, 1] does not fit the matrix f32[2, 2]",
                () -> Tensor.eye(2, DType.F32).solveTriangular(VECTOR.expand(1), false));
    }

    @Test
    void reductions() {
        shape("sum: needs floating-point elements, got i32[3]; cast() it first", INTS::sum);
        shape("max: needs floating-point elements, got i32[3]; cast() it first", INTS::max);
        shape("max: no element to choose from in f32[0] over axes [0]", () -> Tensor.zeros(DType.F32, 0).max());
        shape("max: no element to choose from in f32[2, 0] over axes [1]", () -> Tensor.zeros(DType.F32, 2, 0).maxOver(1));
        shape("argMax: no element to choose from in f32[2, 0] along axis 1", () -> Tensor.zeros(DType.F32, 2, 0).argMax(1));
    }

    @Test
    void movement() {
        shape("reshape: f32[2, 3] has 6 elements, [4] needs 4", () -> MATRIX.reshape(4));
        shape("reshape: f32[2, 3] does not divide into [4, -1]", () -> MATRIX.reshape(4, -1));
        shape("reshape: only one size can be -1, got [-1, -1]", () -> MATRIX.reshape(-1, -1));
        shape("broadcastTo: shapes do not broadcast: [3] and [4] (3 and 4 on axis -1)", () -> VECTOR.broadcastTo(4));
        shape("broadcastTo: f32[2, 3] does not stretch to [3]", () -> MATRIX.broadcastTo(3));
        shape("expand: axis 2 does not fit f32[3]", () -> VECTOR.expand(2));
        shape("squeeze: axis 0 of f32[3] has size 3, not 1", () -> VECTOR.squeeze(0));
        shape("permute: [0, 0] is not an order of the axes of f32[2, 3]", () -> MATRIX.permute(0, 0));
        shape("transpose: needs at least two axes, got f32[3]", VECTOR::transpose);
        shape("slice: 1:4:1 does not fit axis 0 of f32[3]", () -> VECTOR.slice(0, 1, 4));
        shape("pad: amounts cannot be negative, got [-1], [0], [0]", () -> VECTOR.pad(0, -1, 0));
        shape("concat: needs at least one tensor", () -> Tensor.concat(0));
        shape("concat: f32[2, 3] and f32[3] differ outside axis 0", () -> Tensor.concat(0, MATRIX, VECTOR));
        shape("concat: element types differ: f32[3] and f64[3]; cast() one of them", () -> Tensor.concat(0, VECTOR, DOUBLES));
        shape("stack: needs at least one tensor", () -> Tensor.stack(0));
    }

    @Test
    void indexing() {
        shape("gather: needs a tensor with at least one axis and i32 indices, got f32[3] and f32[3]", () -> VECTOR.gather(0, VECTOR));
        shape("scatterAdd: the values f32[2, 3] must begin with the axes of the i32 indices, got i32[3]", () -> MATRIX.scatterAdd(INTS, 4));
        shape("takeAlong: the indices i32[3] must have the axes of f32[2, 3] before the last", () -> MATRIX.takeAlong(INTS));
        shape("argSort: needs at least one axis, got f32[]", SCALAR::argSort);
        shape("random: a key is i32[2], got i32[3]", () -> new Key(INTS).normal(DType.F32, 2));
        for (int wrong : new int[] {-1, 3}) {
            Tensor row = VECTOR.gather(0, Tensor.of(0, wrong));
            assertEquals("gather: index " + wrong + " is outside 0…2", assertThrows(IndexOutOfBoundsException.class, row::toFloats).getMessage());
            Tensor sum = VECTOR.scatterAdd(Tensor.of(0, wrong, 1), 3);
            assertEquals("scatterAdd: index " + wrong + " is outside 0…2", assertThrows(IndexOutOfBoundsException.class, sum::toFloats).getMessage());
        }
    }

    @Test
    void gradients() {
        shape("gradient: the expression must be a scalar, got f32[3]; sum() it first, or use vjp", () -> Gradient.of(VECTOR, VECTOR));
        shape("gradient: no derivative passes through integers, got i32[]; cast() what it is made of",
                () -> Gradient.of(Tensor.scalar(1, DType.I32), VECTOR));
        shape("vjp: cotangent 0 is f32[2, 3], the result is f32[3]", () -> Gradient.vjp(VECTOR.exp(), VECTOR, MATRIX));
        shape("vjp: needs one cotangent for each result, got 0 for 1", () -> Gradient.vjp(List.of(VECTOR), List.of(VECTOR), List.of()));
        shape("jvp: tangent 0 is f64[3], the variable is f32[3]", () -> Gradient.jvp(VECTOR.exp(), VECTOR, DOUBLES));
        shape("jvp: needs one tangent for each variable, got 2 for 1",
                () -> Gradient.jvp(List.of(VECTOR), List.of(VECTOR), List.of(VECTOR, VECTOR)));
    }

    @Test
    void customRules() {
        CustomRule few = CustomRule.of(x -> x.getFirst().exp(), (x, y, g) -> List.of());
        shape("CustomRule: the backward function gave 0 cotangents for 1 arguments", () -> few.apply(VECTOR).sum().gradient(VECTOR));
        CustomRule other = CustomRule.of(x -> x.getFirst().sum(), (x, y, g) -> List.of(g));
        shape("CustomRule: cotangent 0 is f32[], the argument is f32[3]", () -> other.apply(VECTOR).gradient(VECTOR));
    }

    @Test
    void programs() {
        Program<List<Tensor>, Tensor> p = Program.of((List<Tensor> x) -> x.getFirst().exp(), List.of(VECTOR));
        shape("program: argument tensor 0 is f32[2, 3], it was compiled for f32[3]", () -> p.run(List.of(MATRIX)));
        shape("program: argument tensor 0 is f64[3], it was compiled for f32[3]", () -> p.run(List.of(DOUBLES)));
        shape("program: 2 tensors given, it was compiled for 1", () -> p.run(List.of(VECTOR, VECTOR)));
        String traced = assertThrows(IllegalStateException.class, () -> Program.of((Tensor x) -> x.mul(x.sum().item()), VECTOR))
                .getMessage();
        assertEquals("value: f32[3] is an argument of a program that is being traced and has no value yet; return it from the program", traced);
    }

    @Test
    void loops() {
        shape("Program.loop: the step must return a state of the same form; tensor 0 was f32[3] and became f32[]",
                () -> Program.loop((Tensor s, Tensor b) -> s.sum(), VECTOR, VECTOR));
        shape("Program.loop: the step must return a state of the same form; it received 1 tensors and returned 2",
                () -> Program.loop((List<Tensor> s, Tensor b) -> List.of(b, b), List.of(VECTOR), VECTOR));
        Program.Loop<List<Tensor>, Tensor> loop =
                Program.loop((List<Tensor> s, Tensor b) -> List.of(s.getFirst().add(b)), List.of(VECTOR), VECTOR);
        shape("program: argument tensor 1 is f32[2, 3], it was compiled for f32[3]", () -> loop.step(MATRIX));
        shape("Program.loop: tensor 0 of the state is f32[2, 3], the step was compiled for f32[3]", () -> loop.reset(List.of(MATRIX)));
        shape("Program.loop: the state has 0 tensors, the step was compiled for 1", () -> loop.reset(List.of()));
    }

    @Test
    void trees() {
        shape("Tree.map: trees of 2 and 1 tensors", () -> Tree.map(List.of(VECTOR, VECTOR), List.of(VECTOR), Tensor::add));
        shape("Tree.rebuild: the tree has more than the 1 tensors given", () -> Tree.rebuild(List.of(VECTOR, VECTOR), List.of(VECTOR)));
        shape("Tree.rebuild: 2 tensors given, the tree has fewer", () -> Tree.rebuild(List.of(VECTOR), List.of(VECTOR, VECTOR)));
    }
}
