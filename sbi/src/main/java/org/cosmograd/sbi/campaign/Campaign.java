package org.cosmograd.sbi.campaign;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.cosmograd.autodiff.Key;
import org.cosmograd.autodiff.Shape;
import org.cosmograd.autodiff.Tensor;
import org.cosmograd.nn.io.AtomicFile;
import org.cosmograd.nn.io.Json;
import org.cosmograd.sbi.io.NpArray;
import org.cosmograd.sbi.io.Npz;

/// Many simulations: pairs `θᵢ ~ proposal`, `xᵢ = simulator(θᵢ)`, a pure function of (seed, number, proposal, simulator).
///
/// Work is cut into shards of a fixed size. With `root = Key.of(seed)`: the parameters of shard `s` are `proposal(root.fold(0).fold(s))`,
/// always a full shard of them; a simulator of batches gets a full shard of parameters and `root.fold(1).fold(s)`; simulation `i` of a
/// black box gets the stream of `root.fold(2).fold(i)`. So neither threads nor restarts nor the number of simulations change a number,
/// and a longer campaign begins with the shorter one. Changing the shard size changes the numbers.
///
/// In a folder, each shard is written to a temporary name and renamed; a shard that is there is not simulated again. A run that is
/// stopped or fails loses the shard at hand only. `manifest.json` refuses to mix configurations:
///
///     Campaign.run: sims holds simulations with seed 1, this campaign has seed 2; use another folder, or the same seed
///
/// Shards are `shard-000000.npz` with `theta` and `x`, readable by NumPy, failed (NaN) simulations included.
public final class Campaign {
    private static final int FORMAT = 1;

    private final Proposal proposal;
    private final Body body;
    private final long seed;
    private final int shardSize;
    private final String configuration;
    private final CampaignListener listener;

    /// How a shard of parameters becomes data: `rows` of them are wanted, the first is simulation number `first`.
    private interface Body {
        Tensor simulate(Tensor theta, Key root, int shard, int first, int rows);
    }

    private Campaign(Proposal proposal, Body body, long seed, int shardSize, String configuration, CampaignListener listener) {
        this.proposal = proposal;
        this.body = body;
        this.seed = seed;
        this.shardSize = shardSize;
        this.configuration = configuration;
        this.listener = listener;
    }

    /// A campaign of a simulator of batches, in shards of 1000.
    public static Campaign of(Proposal proposal, Simulator simulator, long seed) {
        Body body = (theta, root, shard, first, rows) -> {
            Tensor x = simulator.simulate(theta, root.fold(1).fold(shard));
            if (x.shape().rank() < 2 || x.dim(0) != theta.dim(0)) {
                throw new IllegalStateException("Campaign: the simulator made " + x.type() + " of parameters " + theta.type()
                        + "; expected [" + theta.dim(0) + ", ...]");
            }
            return Rows.concat(List.of(x), rows);
        };
        return new Campaign(proposal, body, seed, 1000, "", progress -> {});
    }

    /// A campaign of a simulator in plain Java, on all threads, in shards of 1000.
    public static Campaign blackBox(Proposal proposal, BlackBox simulator, long seed) {
        Body body = (theta, root, shard, first, rows) ->
                BlackBox.simulate(simulator, Rows.concat(List.of(theta), rows), root.fold(2), first);
        return new Campaign(proposal, body, seed, 1000, "", progress -> {});
    }

    /// With everything else that decides the numbers, as text: names, settings, versions. Its hash goes to the manifest.
    public Campaign configuration(String text) {
        return new Campaign(proposal, body, seed, shardSize, text, listener);
    }

    /// With shards of this size: what an interruption can cost.
    public Campaign shardSize(int rows) {
        if (rows < 1) {
            throw new IllegalArgumentException("Campaign.shardSize: expected at least 1, got " + rows);
        }
        return new Campaign(proposal, body, seed, rows, configuration, listener);
    }

    /// With somebody who is told after each shard.
    public Campaign listener(CampaignListener told) {
        return new Campaign(proposal, body, seed, shardSize, configuration, told);
    }

    /// The first `number` simulations, in memory. Failed ones are dropped and counted.
    public Simulations run(int number) {
        return run(number, Optional.empty());
    }

    /// The first `number` simulations, kept in a folder: those that are there are read, the others simulated.
    public Simulations run(int number, Path folder) {
        claim(folder);
        return run(number, Optional.of(folder));
    }

    private record Shard(Tensor theta, Tensor x) {}

    private Simulations run(int number, Optional<Path> folder) {
        if (number < 1) {
            throw new IllegalArgumentException("Campaign.run: expected at least 1 simulation, got " + number);
        }
        long begin = System.nanoTime();
        List<Tensor> theta = new ArrayList<>();
        List<Tensor> x = new ArrayList<>();
        int invalid = 0;
        int fresh = 0;
        for (int s = 0, first = 0; first < number; s++, first += shardSize) {
            int rows = Math.min(shardSize, number - first);
            Path file = folder.orElse(Path.of("")).resolve("shard-%06d.npz".formatted(s));
            Optional<Shard> found = folder.isPresent() ? read(file, rows) : Optional.empty();
            Shard shard;
            if (found.isPresent()) {
                shard = found.get();
            } else {
                shard = simulate(s, first, rows, folder.isPresent());
                fresh += rows;
                if (folder.isPresent()) {
                    Npz.of().with("theta", array(shard.theta)).with("x", array(shard.x)).save(file);
                }
            }
            if (!theta.isEmpty() && !shard.x.shape().without(0).equals(x.getFirst().shape().without(0))) {
                throw new IllegalStateException("Campaign.run: shard " + s + " holds data " + shard.x.type() + ", shard 0 holds "
                        + x.getFirst().type() + "; all simulations must give equally many features");
            }
            theta.add(shard.theta);
            x.add(shard.x);
            invalid += rows - Rows.finite(shard.x.reshape(rows, shard.x.shape().size() / rows)).length;
            double seconds = (System.nanoTime() - begin) * 1e-9;
            int done = first + rows;
            double left = done == number ? 0 : fresh == 0 ? Double.NaN : seconds / fresh * (number - done);
            listener.progress(new CampaignListener.Progress(done, number, invalid, seconds, left));
        }
        return Simulations.of(Rows.concat(theta, number), Rows.concat(x, number));
    }

    private Shard simulate(int s, int first, int rows, boolean kept) {
        Key root = Key.of(seed);
        try {
            Tensor theta = proposal.sample(root.fold(0).fold(s), shardSize);
            if (theta.shape().rank() != 2 || theta.dim(0) != shardSize) {
                throw new IllegalStateException("the proposal made " + theta.type() + "; expected [" + shardSize + ", parameters]");
            }
            Tensor x = body.simulate(theta, root, s, first, rows);
            return new Shard(Rows.concat(List.of(theta), rows), x);
        } catch (RuntimeException e) {
            String rest = !kept || s == 0 ? "" : s == 1 ? "; shard 0 is kept, run again to go on" : "; shards 0 to " + (s - 1) + " are kept, run again to go on";
            throw new IllegalStateException("Campaign.run: " + e.getMessage() + rest, e);
        }
    }

    /// A shard on disk, if it is there and has enough rows.
    private static Optional<Shard> read(Path file, int rows) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            Npz npz = Npz.read(file);
            Tensor theta = tensor(npz.array("theta"));
            Tensor x = tensor(npz.array("x"));
            if (theta.shape().rank() != 2 || theta.dim(0) != x.dim(0)) {
                throw new IllegalArgumentException("it holds parameters " + theta.type() + " and data " + x.type());
            }
            return theta.dim(0) < rows
                    ? Optional.empty()
                    : Optional.of(new Shard(Rows.concat(List.of(theta), rows), Rows.concat(List.of(x), rows)));
        } catch (RuntimeException e) {
            throw new IllegalStateException("Campaign.run: " + file + " is damaged; delete it to simulate it again: " + e.getMessage(), e);
        }
    }

    /// Makes the folder this campaign's, or checks that it is.
    private void claim(Path folder) {
        Path file = folder.resolve("manifest.json");
        Map<String, Object> wanted = new LinkedHashMap<>();
        wanted.put("format", FORMAT);
        wanted.put("seed", seed);
        wanted.put("shardSize", shardSize);
        wanted.put("configuration", hash(configuration));
        if (!Files.exists(file)) {
            Map<String, Object> all = new LinkedHashMap<>(wanted);
            all.put("text", configuration);
            AtomicFile.write(file, Json.from(all).pretty());
            return;
        }
        Json there = Json.read(file);
        differ(folder, "format", there.at("format").integer(), FORMAT);
        differ(folder, "seed", there.at("seed").integer(), seed);
        differ(folder, "shard size", there.at("shardSize").integer(), shardSize);
        differ(folder, "configuration", there.at("configuration").text(), hash(configuration));
    }

    private static void differ(Path folder, String what, Object there, Object here) {
        if (!String.valueOf(there).equals(String.valueOf(here))) {
            throw new IllegalStateException("Campaign.run: " + folder + " holds simulations with " + what + " " + there + ", this campaign has "
                    + what + " " + here + "; use another folder, or the same " + what);
        }
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static NpArray array(Tensor t) {
        int[] shape = t.shape().dims();
        return switch (t.dtype()) {
            case F32 -> new NpArray.Float32(shape, t.toFloats());
            case F64 -> new NpArray.Float64(shape, t.toDoubles());
            default -> new NpArray.Int32(shape, t.toInts());
        };
    }

    private static Tensor tensor(NpArray a) {
        Shape shape = Shape.of(a.shape());
        return switch (a) {
            case NpArray.Float32 f -> Tensor.of(shape, f.floats());
            case NpArray.Int32 i -> Tensor.of(shape, i.ints());
            default -> Tensor.of(shape, a.doubles());
        };
    }
}
