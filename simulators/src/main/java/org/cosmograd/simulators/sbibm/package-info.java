/// The benchmark tasks of sbibm whose likelihood is known: each task is one record, exactly as published.
///
/// Source: Lueckmann et al. 2021, "Benchmarking simulation-based inference", AISTATS, arXiv:2101.04653; definitions of sbibm v1.1.0.
@NullMarked
package org.cosmograd.simulators.sbibm;

import org.jspecify.annotations.NullMarked;
