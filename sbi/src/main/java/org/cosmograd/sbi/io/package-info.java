/// The files of a run folder, readable by NumPy, GetDist and any text editor.
///
/// | class | files |
/// |---|---|
/// | {@link org.cosmograd.sbi.io.Npz} | arrays: `posterior.npz` |
/// | {@link org.cosmograd.sbi.io.GetDistChain} | `chain_1.txt`, `chain.paramnames`, `chain.ranges` |
/// | {@link org.cosmograd.sbi.io.CsvTable} | `metrics.csv`, published data tables |
///
/// JSON and whole files are in {@link org.cosmograd.nn.io}.
@NullMarked
package org.cosmograd.sbi.io;

import org.jspecify.annotations.NullMarked;
