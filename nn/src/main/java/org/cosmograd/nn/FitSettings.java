package org.cosmograd.nn;

import org.cosmograd.autodiff.Key;

/// How [Fit] trains. [#DEFAULT] and the `with…` methods make one:
///
///     FitSettings.DEFAULT.withBatch(100).withRate(1e-3).withPatience(20)
///
/// @param batch rows per step; a smaller data set is one batch
/// @param epochs the largest number of passes over the data
/// @param rate the learning rate, before the schedule and the plateau rule
/// @param schedule a factor on the learning rate by step
/// @param optimiser the rule that moves the parameters
/// @param clip the longest gradient, by global norm; infinite for no limit
/// @param validation the fraction of rows held out, from 0 to below 1
/// @param patience epochs without a lower validation loss after which training stops
/// @param plateau epochs without a lower validation loss after which the learning rate is multiplied by `plateauFactor`; 0 for never
/// @param plateauFactor see `plateau`
/// @param seconds the time after which training stops at the next step
/// @param checkpointSeconds the time between checkpoints
/// @param replicas equal parts of a batch that are differentiated side by side, each with randomness of its own, and whose losses and
///     gradients are averaged; it pays for small networks on several threads, where the loss is a mean over rows. 1 for none
/// @param key the randomness of split, order and loss
public record FitSettings(
        int batch,
        int epochs,
        double rate,
        Schedule schedule,
        Optimiser optimiser,
        double clip,
        double validation,
        int patience,
        int plateau,
        double plateauFactor,
        double seconds,
        double checkpointSeconds,
        int replicas,
        Key key) {

    /// Adam at 5·10⁻⁴, 200 rows a step, 10 % held out, patience 20, at most 1000 epochs, gradients clipped at 5.
    public static final FitSettings DEFAULT = new FitSettings(
            200,
            1000,
            5e-4,
            Schedule.constant(),
            new Adam(),
            5,
            0.1,
            20,
            0,
            0.5,
            Double.POSITIVE_INFINITY,
            60,
            1,
            Key.of(0));

    /// Checks the ranges.
    public FitSettings {
        check(batch > 0, "batch must be positive, got " + batch);
        check(epochs >= 0, "epochs cannot be negative, got " + epochs);
        check(rate > 0, "rate must be positive, got " + rate);
        check(clip > 0, "clip must be positive, got " + clip);
        check(validation >= 0 && validation < 1, "validation must be in [0, 1), got " + validation);
        check(patience > 0, "patience must be positive, got " + patience);
        check(plateau >= 0, "plateau cannot be negative, got " + plateau);
        check(plateauFactor > 0 && plateauFactor <= 1, "plateauFactor must be in (0, 1], got " + plateauFactor);
        check(replicas > 0, "replicas must be positive, got " + replicas);
        check(seconds > 0, "seconds must be positive, got " + seconds);
    }

    private static void check(boolean fine, String fault) {
        if (!fine) {
            throw new IllegalArgumentException("FitSettings: " + fault);
        }
    }

    /// With another number of rows per step.
    public FitSettings withBatch(int rows) {
        return new FitSettings(
                rows, epochs, rate, schedule, optimiser, clip, validation, patience, plateau, plateauFactor, seconds, checkpointSeconds, replicas,
                key);
    }

    /// With another largest number of epochs.
    public FitSettings withEpochs(int most) {
        return new FitSettings(
                batch, most, rate, schedule, optimiser, clip, validation, patience, plateau, plateauFactor, seconds, checkpointSeconds, replicas, key);
    }

    /// With another learning rate.
    public FitSettings withRate(double eta) {
        return new FitSettings(
                batch, epochs, eta, schedule, optimiser, clip, validation, patience, plateau, plateauFactor, seconds, checkpointSeconds, replicas,
                key);
    }

    /// With another schedule.
    public FitSettings withSchedule(Schedule factor) {
        return new FitSettings(
                batch, epochs, rate, factor, optimiser, clip, validation, patience, plateau, plateauFactor, seconds, checkpointSeconds, replicas, key);
    }

    /// With another optimiser.
    public FitSettings withOptimiser(Optimiser rule) {
        return new FitSettings(
                batch, epochs, rate, schedule, rule, clip, validation, patience, plateau, plateauFactor, seconds, checkpointSeconds, replicas, key);
    }

    /// With another limit on the gradient.
    public FitSettings withClip(double norm) {
        return new FitSettings(
                batch, epochs, rate, schedule, optimiser, norm, validation, patience, plateau, plateauFactor, seconds, checkpointSeconds, replicas,
                key);
    }

    /// With another fraction held out.
    public FitSettings withValidation(double fraction) {
        return new FitSettings(
                batch, epochs, rate, schedule, optimiser, clip, fraction, patience, plateau, plateauFactor, seconds, checkpointSeconds, replicas, key);
    }

    /// With another patience.
    public FitSettings withPatience(int epochsWithoutGain) {
        return new FitSettings(
                batch, epochs, rate, schedule, optimiser, clip, validation, epochsWithoutGain, plateau, plateauFactor, seconds,
                checkpointSeconds, replicas, key);
    }

    /// With a learning rate that is multiplied by `factor` after `epochsWithoutGain` epochs without a lower validation loss.
    public FitSettings withPlateau(int epochsWithoutGain, double factor) {
        return new FitSettings(
                batch, epochs, rate, schedule, optimiser, clip, validation, patience, epochsWithoutGain, factor, seconds,
                checkpointSeconds, replicas, key);
    }

    /// With a time limit.
    public FitSettings withSeconds(double limit) {
        return new FitSettings(
                batch, epochs, rate, schedule, optimiser, clip, validation, patience, plateau, plateauFactor, limit, checkpointSeconds, replicas, key);
    }

    /// With another time between checkpoints.
    public FitSettings withCheckpointSeconds(double between) {
        return new FitSettings(
                batch, epochs, rate, schedule, optimiser, clip, validation, patience, plateau, plateauFactor, seconds, between, replicas, key);
    }

    /// With batches cut into this many replicas.
    public FitSettings withReplicas(int parts) {
        return new FitSettings(
                batch, epochs, rate, schedule, optimiser, clip, validation, patience, plateau, plateauFactor, seconds, checkpointSeconds, parts,
                key);
    }

    /// With another key.
    public FitSettings withKey(Key other) {
        return new FitSettings(
                batch, epochs, rate, schedule, optimiser, clip, validation, patience, plateau, plateauFactor, seconds, checkpointSeconds, replicas,
                other);
    }
}
