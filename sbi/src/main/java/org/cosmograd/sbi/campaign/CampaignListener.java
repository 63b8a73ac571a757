package org.cosmograd.sbi.campaign;

/// Somebody who is told how a campaign goes, after each shard.
@FunctionalInterface
public interface CampaignListener {
    /// How far it is.
    ///
    /// @param done simulations there so far, those found on disk included
    /// @param total simulations wanted
    /// @param invalid how many of those done hold NaN or infinity
    /// @param seconds since this run began
    /// @param secondsLeft the estimate for the rest, NaN before the first simulation of this run
    record Progress(int done, int total, int invalid, double seconds, double secondsLeft) {}

    /// After a shard.
    void progress(Progress progress);
}
