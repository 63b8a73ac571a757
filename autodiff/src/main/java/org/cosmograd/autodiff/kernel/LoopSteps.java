package org.cosmograd.autodiff.kernel;

/// How the steps of a loop become code: one element at a time, or one vector.
sealed interface LoopSteps permits ScalarSteps, VectorSteps {
    /// Leaves the value of a step on the stack.
    void step(int id);

    /// Hands a value to sink `k`; `value` leaves it on the stack.
    void sink(int k, Runnable value);

    /// Before the first element of a row.
    void beginRow();

    /// After a copy of the body: the next one continues.
    void turned();

    /// At the end of a loop's body, which may be executed again: what comes next begins where this began.
    void rotate();

    /// After the last element of a row.
    void endRow();
}
