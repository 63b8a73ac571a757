/// What is timed, and against whom: the cases of `cosmograd bench`, the stopwatch, the peers and their table.
///
/// A [org.cosmograd.bench.speed.Case] is a piece of work under the name that the peers' scripts give to the same work; the
/// [org.cosmograd.bench.speed.Stopwatch] times it when it has come to its lasting speed; [org.cosmograd.bench.speed.Peers] runs the
/// scripts of PyTorch and JAX; a [org.cosmograd.bench.speed.Scoreboard] puts both side by side with what is aimed at ([org.cosmograd.bench.speed.Goal]).
@NullMarked
package org.cosmograd.bench.speed;

import org.jspecify.annotations.NullMarked;
