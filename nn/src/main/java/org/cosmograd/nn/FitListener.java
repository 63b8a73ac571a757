package org.cosmograd.nn;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;

/// Somebody who is told how a training goes: a progress line, a file of metrics, a plot. All methods do nothing by default.
public interface FitListener {

    /// What is known before the first epoch.
    ///
    /// @param epochs the largest number of epochs
    /// @param stepsPerEpoch the number of steps in each
    /// @param rows the number of rows trained on
    /// @param validationRows the number of rows held out
    /// @param parameters the number of numbers in the model
    /// @param firstEpoch the number of the next epoch, above 0 after a resume
    record Plan(int epochs, int stepsPerEpoch, int rows, int validationRows, long parameters, int firstEpoch) {}

    /// One epoch.
    ///
    /// @param epoch its number, from 0
    /// @param trainLoss mean loss over its steps
    /// @param validationLoss mean loss over the rows held out, or the train loss if there are none
    /// @param rate the learning rate of its last step
    /// @param best whether the validation loss is the lowest so far
    /// @param seconds since training began, resumed time included
    record Epoch(int epoch, double trainLoss, double validationLoss, double rate, boolean best, double seconds) {}

    /// Before the first epoch.
    default void begin(Plan plan) {}

    /// After a step of an epoch, both counted from 0; called often, so it should be quick.
    default void step(int epoch, int step) {}

    /// After an epoch.
    default void epoch(Epoch epoch) {}

    /// At the end, with one sentence that says why.
    default void end(String why) {}

    /// One line that says how far training is: the epoch, the losses and the time left if all epochs are used.
    static FitListener progress(PrintStream out) {
        return new FitListener() {
            private Optional<Progress> line = Optional.empty();

            @Override
            public void begin(Plan plan) {
                line = Optional.of(Progress.of(out, "train", "epochs", plan.epochs()).from(plan.firstEpoch()));
            }

            @Override
            public void epoch(Epoch e) {
                String note = String.format(Locale.ROOT, "loss %.4g, validation %.4g%s", e.trainLoss(), e.validationLoss(), e.best() ? " *" : "");
                line.ifPresent(p -> p.at(e.epoch() + 1, note));
            }

            @Override
            public void end(String why) {
                line.ifPresent(Progress::close);
                out.println(why);
            }
        };
    }

    /// The curves `loss/train`, `loss/validation` and `learning_rate` by epoch.
    static FitListener tensorBoard(TensorBoardEvents events) {
        return new FitListener() {
            @Override
            public void epoch(Epoch e) {
                events.scalar("loss/train", e.epoch(), e.trainLoss());
                events.scalar("loss/validation", e.epoch(), e.validationLoss());
                events.scalar("learning_rate", e.epoch(), e.rate());
            }
        };
    }
}
