package org.cosmograd.simulators.cosmology;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.DoubleStream;
import org.cosmograd.autodiff.Tensor;

/// Measured numbers with Gaussian errors: `x ~ N(theory, C)`.
///
/// The seven surveys in the box are published measurements, unchanged; where they come from stands in each `reference` and in the
/// README beside the data. All tensors are `f64` and have their values.
///
/// @param name a short name
/// @param reference the publication to cite
/// @param quantities what each number is
/// @param z its redshift, `[n]`
/// @param values the numbers measured, `[n]`
/// @param covariance `C`, `[n, n]`
/// @param cholesky the lower triangular `L` with `L Lᵀ = C`
public record Survey(
        String name, String reference, List<Quantity> quantities, Tensor z, Tensor values, Tensor covariance, Tensor cholesky) {

    /// Copies the list.
    public Survey {
        quantities = List.copyOf(quantities);
    }

    /// A survey of these numbers, with the factor of its covariance computed and everything checked.
    public static Survey of(
            String name, String reference, List<Quantity> quantities, double[] z, double[] values, double[][] covariance) {
        int n = quantities.size();
        if (n == 0 || z.length != n || values.length != n || covariance.length != n) {
            throw new IllegalArgumentException("Survey " + name + ": " + n + " quantities, " + z.length + " redshifts, " + values.length
                    + " values and " + covariance.length + " rows of covariance; all must be equal in number and at least 1");
        }
        if (quantities.stream().map(Quantity::isBao).distinct().count() > 1) {
            throw new IllegalArgumentException(
                    "Survey " + name + ": it mixes distance moduli with BAO quantities; make two surveys of it");
        }
        for (int i = 0; i < n; i++) {
            if (!(z[i] > 0)) {
                throw new IllegalArgumentException("Survey " + name + ": redshift " + i + " is " + z[i] + "; it must be positive");
            }
        }
        double[][] lower = cholesky(name, covariance);
        return new Survey(name, reference, quantities, Tensor.of(z), Tensor.of(values), Tensor.of(covariance), Tensor.of(lower));
    }

    /// The number of measured numbers.
    public int size() {
        return quantities.size();
    }

    /// Whether these are supernova distance moduli, which need an offset.
    public boolean isSupernovae() {
        return !quantities.getFirst().isBao();
    }

    // ---------------------------------------------------------------------------------------------- in the box

    /// DESI DR2 BAO: 13 numbers at seven redshifts from 0.295 to 2.33.
    public static Survey desiDr2() {
        return bao(
                "DESI DR2",
                "DESI Collaboration 2025, arXiv:2503.14738",
                resource("desi_dr2_mean.txt"),
                resource("desi_dr2_cov.txt"));
    }

    /// DESI DR1 BAO: 12 numbers at seven redshifts from 0.295 to 2.33.
    public static Survey desiDr1() {
        return bao(
                "DESI DR1",
                "DESI Collaboration 2024, arXiv:2404.03002",
                resource("desi_dr1_mean.txt"),
                resource("desi_dr1_cov.txt"));
    }

    /// SDSS DR12 BAO consensus: `D_M` and `H` at 0.38, 0.51, 0.61, published for a fiducial sound horizon of 147.78 Mpc, which is
    /// taken out here.
    public static Survey sdssDr12() {
        return bao("SDSS DR12", "Alam et al. 2017, arXiv:1607.03155", resource("sdss_dr12_mean.txt"), resource("sdss_dr12_cov.txt"))
                .perHorizon(147.78);
    }

    /// SDSS DR16 luminous red galaxies and quasars: `D_M` and `D_H` at 0.38, 0.51, 0.698 and 1.48 from BAO and full shape, with the
    /// growth rates that were measured with them marginalised.
    public static Survey sdssDr16() {
        String paper = "eBOSS Collaboration 2021, arXiv:2007.08991";
        Survey galaxies = bao("SDSS DR16 LRG", paper, resource("sdss_dr16_lrg_mean.txt"), resource("sdss_dr16_lrg_cov.txt"));
        Survey quasars = bao("SDSS DR16 QSO", paper, resource("sdss_dr16_qso_mean.txt"), resource("sdss_dr16_qso_cov.txt"));
        return galaxies.and("SDSS DR16", quasars);
    }

    /// Union3: distance moduli of 2087 supernovae compressed to 22 redshifts from 0.05 to 2.26.
    public static Survey union3() {
        return supernovae(
                "Union3",
                "Rubin et al. 2023, arXiv:2311.12098",
                resource("union3_mu.txt"),
                resource("union3_cov.txt"),
                0);
    }

    /// Pantheon 2018: 1048 supernovae in 40 bins of redshift from 0.014 to 1.61; statistical and systematic errors. The absolute
    /// magnitude −19.35 is taken out of the magnitudes, so that the offset is near zero.
    public static Survey pantheon2018() {
        return supernovae(
                "Pantheon 2018",
                "Scolnic et al. 2018, arXiv:1710.00845",
                resource("pantheon2018_mb.txt"),
                resource("pantheon2018_sys.txt"),
                -19.35);
    }

    /// JLA: 740 supernovae in 31 bins of redshift from 0.01 to 1.3.
    public static Survey jla() {
        return supernovae("JLA", "Betoule et al. 2014, arXiv:1401.4064", resource("jla_mu.txt"), resource("jla_cov.txt"), 0);
    }

    // ---------------------------------------------------------------------------------------------- from files

    /// BAO numbers from files of the form of the Cobaya `bao_data` collection: rows of redshift, value and quantity; and the
    /// covariance matrix in the same order. Rows of `f_sigma8` are left out, which marginalises them.
    public static Survey bao(String name, String reference, Path mean, Path covariance) {
        return bao(name, reference, Source.of(mean), Source.of(covariance));
    }

    /// Distance moduli from files of the form of the Cobaya `sn_data` collection: a line of column names after `#` with `zcmb`,
    /// `mb` and perhaps `dmb` (errors to add to the diagonal), or rows of redshift and modulus; and the covariance as one number a
    /// line, the first line its size.
    ///
    /// @param absoluteMagnitude taken off the values, so that the offset that remains to be fitted is near zero
    public static Survey supernovae(String name, String reference, Path magnitudes, Path covariance, double absoluteMagnitude) {
        return supernovae(name, reference, Source.of(magnitudes), Source.of(covariance), absoluteMagnitude);
    }

    private static Survey bao(String name, String reference, Source mean, Source covariance) {
        List<Quantity> quantities = new ArrayList<>();
        List<Double> z = new ArrayList<>();
        List<Double> values = new ArrayList<>();
        List<Integer> kept = new ArrayList<>();
        List<String[]> rows = mean.rows();
        for (int i = 0; i < rows.size(); i++) {
            String[] row = rows.get(i);
            if (row.length != 3) {
                throw mean.fault("row " + (i + 1) + " has " + row.length + " columns, needs redshift, value and quantity");
            }
            if (row[2].equals("f_sigma8")) {
                continue;
            }
            z.add(mean.number(row[0]));
            values.add(mean.number(row[1]));
            quantities.add(quantity(mean, row[2]));
            kept.add(i);
        }
        List<String[]> lines = covariance.rows();
        if (lines.size() != rows.size()) {
            throw covariance.fault("it has " + lines.size() + " rows for " + rows.size() + " measured numbers");
        }
        double[][] c = new double[kept.size()][kept.size()];
        for (int i = 0; i < c.length; i++) {
            String[] line = lines.get(kept.get(i));
            if (line.length != rows.size()) {
                throw covariance.fault("row " + (kept.get(i) + 1) + " has " + line.length + " columns for " + rows.size() + " rows");
            }
            for (int j = 0; j < c.length; j++) {
                c[i][j] = covariance.number(line[kept.get(j)]);
            }
        }
        return of(name, reference, quantities, doubles(z), doubles(values), c);
    }

    private static Quantity quantity(Source mean, String label) {
        return Arrays.stream(Quantity.values())
                .filter(q -> q.label().equals(label) && q.isBao())
                .findFirst()
                .orElseThrow(() -> mean.fault(
                        "the quantity " + label + " is unknown; known are DM_over_rs, DH_over_rs, DV_over_rs, bao_Hz_rs and f_sigma8"));
    }

    private static Survey supernovae(
            String name, String reference, Source magnitudes, Source covariance, double absoluteMagnitude) {
        List<String[]> rows = magnitudes.rows();
        List<String> columns = magnitudes.header();
        boolean named = columns.contains("mb");
        int atZ = named ? columns.indexOf("zcmb") : 0;
        int atValue = named ? columns.indexOf("mb") : 1;
        int atError = named ? columns.indexOf("dmb") : -1;
        int n = rows.size();
        double[] z = new double[n];
        double[] values = new double[n];
        double[] errors = new double[n];
        for (int i = 0; i < n; i++) {
            String[] row = rows.get(i);
            if (atZ < 0 || row.length <= Math.max(atZ, Math.max(atValue, atError))) {
                throw magnitudes.fault("row " + (i + 1) + " has " + row.length + " columns, needs a redshift (zcmb) and a magnitude (mb)");
            }
            z[i] = magnitudes.number(row[atZ]);
            values[i] = magnitudes.number(row[atValue]) - absoluteMagnitude;
            errors[i] = atError < 0 ? 0 : magnitudes.number(row[atError]);
        }
        double[] flat = covariance.rows().stream()
                .flatMap(Arrays::stream)
                .mapToDouble(covariance::number)
                .toArray();
        if (flat.length != 1 + n * n || flat[0] != n) {
            throw covariance.fault("it holds " + (flat.length - 1) + " elements after its size, " + n + " supernovae need " + n * n);
        }
        double[][] c = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                c[i][j] = flat[1 + i * n + j] + (i == j ? errors[i] * errors[i] : 0);
            }
        }
        return of(name, reference, Collections.nCopies(n, Quantity.DISTANCE_MODULUS), z, values, c);
    }

    /// `D_M` and `D_H` divided, `H` multiplied by a sound horizon in Mpc.
    private Survey perHorizon(double horizon) {
        double[] scale = quantities.stream()
                .mapToDouble(q -> q == Quantity.H_TIMES_RD ? horizon : 1 / horizon)
                .toArray();
        double[] v = values.toDoubles();
        double[][] c = covariance.toRows();
        for (int i = 0; i < v.length; i++) {
            v[i] *= scale[i];
            for (int j = 0; j < v.length; j++) {
                c[i][j] *= scale[i] * scale[j];
            }
        }
        return of(name, reference, quantities, z.toDoubles(), v, c);
    }

    /// This and an independent survey as one.
    private Survey and(String newName, Survey other) {
        int n = size();
        double[][] c = new double[n + other.size()][n + other.size()];
        for (int i = 0; i < n; i++) {
            System.arraycopy(covariance.toRows()[i], 0, c[i], 0, n);
        }
        for (int i = 0; i < other.size(); i++) {
            System.arraycopy(other.covariance.toRows()[i], 0, c[n + i], n, other.size());
        }
        List<Quantity> q = new ArrayList<>(quantities);
        q.addAll(other.quantities);
        return of(newName, reference, q, join(z, other.z), join(values, other.values), c);
    }

    private static double[] join(Tensor a, Tensor b) {
        return DoubleStream.concat(DoubleStream.of(a.toDoubles()), DoubleStream.of(b.toDoubles()))
                .toArray();
    }

    private static double[] doubles(List<Double> list) {
        return list.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double[][] cholesky(String name, double[][] c) {
        int n = c.length;
        double[][] l = new double[n][n];
        for (int i = 0; i < n; i++) {
            if (c[i].length != n) {
                throw new IllegalArgumentException(
                        "Survey " + name + ": row " + i + " of the covariance has " + c[i].length + " columns for " + n + " rows");
            }
            for (int j = 0; j <= i; j++) {
                if (!(Math.abs(c[i][j] - c[j][i]) <= 1e-6 * Math.sqrt(Math.abs(c[i][i] * c[j][j])))) {
                    throw new IllegalArgumentException("Survey " + name + ": the covariance is not symmetric: " + c[i][j] + " at [" + i
                            + ", " + j + "], " + c[j][i] + " at [" + j + ", " + i + "]");
                }
                double sum = (c[i][j] + c[j][i]) / 2;
                for (int k = 0; k < j; k++) {
                    sum -= l[i][k] * l[j][k];
                }
                if (i == j && !(sum > 0)) {
                    throw new IllegalArgumentException("Survey " + name + ": the covariance is not positive definite (pivot " + sum
                            + " in row " + i + ")");
                }
                l[i][j] = i == j ? Math.sqrt(sum) : sum / l[j][j];
            }
        }
        return l;
    }

    @Override
    public String toString() {
        return "Survey[" + name + ", " + size() + " numbers, z " + z.toDoubles()[0] + " to " + z.toDoubles()[size() - 1] + ", "
                + reference + "]";
    }

    private static Source resource(String file) {
        try (InputStream in = Survey.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("Survey: the data file " + file + " is missing from this jar; build it again");
            }
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
                return new Source(file, reader.lines().toList());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Survey: cannot read the data file " + file + " of this jar", e);
        }
    }

    /// The lines of a text file, with its name for errors. A `#` begins a comment.
    private record Source(String file, List<String> lines) {
        static Source of(Path path) {
            try {
                return new Source(path.getFileName().toString(), Files.readAllLines(path));
            } catch (IOException e) {
                throw new UncheckedIOException("Survey: cannot read " + path, e);
            }
        }

        List<String[]> rows() {
            return lines.stream()
                    .map(l -> l.replaceFirst("#.*", "").strip())
                    .filter(l -> !l.isEmpty())
                    .map(l -> l.split("\\s+"))
                    .toList();
        }

        List<String> header() {
            return lines.stream()
                    .filter(l -> l.startsWith("#"))
                    .findFirst()
                    .map(l -> List.of(l.substring(1).strip().split("\\s+")))
                    .orElse(List.of());
        }

        double number(String text) {
            try {
                return Double.parseDouble(text);
            } catch (NumberFormatException e) {
                throw fault("\"" + text + "\" is not a number");
            }
        }

        IllegalArgumentException fault(String what) {
            return new IllegalArgumentException("Survey: " + file + ": " + what);
        }
    }
}
