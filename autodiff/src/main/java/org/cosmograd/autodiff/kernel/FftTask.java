package org.cosmograd.autodiff.kernel;

import java.util.Arrays;
import java.util.List;
import org.cosmograd.autodiff.DType;

/// Real Fourier transforms over the last axes of a tensor, and back.
///
/// The spectrum has real and then imaginary parts; in each, the transformed axes follow the batch in reverse order: in three dimensions
/// `[2, batch, n₂/2+1, n₁, n₀]`. Along the last axis of the numbers sixteen rows at a time pass through a panel, so that 16 transforms
/// run side by side, one in each lane; the rows of a panel go to as many planes `n₀ × n₁` of the spectrum. There the axis `n₀` is
/// transformed in columns, without transposition, and `n₁` through panels again, whose rows then are the rows of the result; all while
/// a plane is in the cache.
public final class FftTask implements Task {
    /// Rows of numbers that one chunk carries between both layouts, at most: long enough runs for the memory's sake.
    private static final int ROWS = 256;
    /// Bytes that a chunk's part of the spectrum may have, so that it stays in the second cache.
    private static final int SLAB_BYTES = 400_000;
    /// Spectra of more bytes than this are not found in the second cache when their planes are transformed.
    private static final int FAR_BYTES = 4 << 20;
    /// Chunks that leave every thread something to do, of two-dimensional transforms; the more a chunk has, the fuller are its blocks.
    private static final int FEW_CHUNKS = 16;
    /// Elements that are worth a chunk.
    private static final int GRAIN = 1 << 14;

    private final boolean inverse;
    private final boolean doubles;
    private final int batch;
    private final int[] dims;
    private final Operand[] operands;
    private final int between;
    private final FftBlock block;
    private final Object[] arrays = new Object[2];
    private final int[] bases = new int[2];
    private Object middle = new float[0];
    private int middleBase;

    /// Elements of a plane of the spectrum; rows of numbers in a transform.
    private final int plane;
    /// From real to imaginary parts of the spectrum.
    private final int imaginary;
    private final int room;
    private final int slabRow;
    private final int unit;
    private final int units;
    private final Workers.Task first;
    private final Workers.Task secondStage;
    private final boolean staged;
    private final boolean far;
    private boolean simd;

    /// @param inverse whether from the spectrum to numbers
    /// @param type    of the elements
    /// @param batch   how many transforms
    /// @param dims    sizes of the transformed axes
    /// @param edge    scale of those spectrum elements that stand for themselves alone; inverse: of their part in the sum
    /// @param rest    scale of those that stand for their mirror images, too
    /// @param in      where the source lies, without gaps
    /// @param out     where the result goes, without gaps
    /// @param between number of a buffer of [#scratchLength] elements, or -1
    public FftTask(boolean inverse, DType type, int batch, int[] dims, double edge, double rest, Operand in, Operand out, int between) {
        this.inverse = inverse;
        this.doubles = type == DType.F64;
        this.batch = batch;
        this.dims = dims;
        this.operands = new Operand[] {in, out};
        this.between = between;
        this.block = FftBlock.of(doubles, inverse, dims, edge, rest);
        int rank = dims.length;
        this.plane = rank == 1 ? 1 : Axes.product(dims, rank - 1);
        this.imaginary = batch * block.half * plane;
        this.far = 2L * imaginary * type.bytes() > FAR_BYTES || rank == 3 && dims[inverse ? 0 : 1] % block.lanes != 0;
        int rows = rank == 1 ? batch : plane;
        // One- and small two-dimensional transforms are done whole, several in a chunk.
        this.staged = staged(type, dims);
        boolean whole = rank == 2 && !staged;
        this.unit = whole
                ? Math.max(1, Math.min(SLAB_BYTES / imageBytes(type, dims), Math.max(batch / FEW_CHUNKS, GRAIN / (n() * plane))))
                : rank == 1 ? roundUp(Math.clamp(GRAIN / n(), 1, ROWS), block.lanes) : slabRows(block.half, doubles);
        this.units = whole ? divideUp(batch, unit) : divideUp(rows, unit) * (staged ? batch : 1);
        int across = whole ? dims[0] : Math.min(unit, rows);
        this.slabRow = block.lanes == 1 ? across : FftBlock.oddLines(across, doubles);
        int slab = 2 * block.half * slabRow * (whole ? unit : 1);
        int padded = rank < 3
                ? 0
                : 2 * Math.max(dims[0] * FftBlock.oddLines(dims[1], doubles), dims[1] * FftBlock.oddLines(dims[0], doubles));
        this.room = block.slab + Math.max(slab, padded);
        this.first = staged ? this::slab : rank == 2 ? this::images : this::lines;
        this.secondStage = rank == 3 ? this::planes : this::rows;
    }

    /// The elements of a buffer that transforms need between their stages.
    public static int scratchLength(boolean inverse, DType type, int batch, int[] dims) {
        int rank = dims.length;
        return inverse && staged(type, dims) ? 2 * batch * (dims[rank - 1] / 2 + 1) * Axes.product(dims, rank - 1) : 0;
    }

    /// Whether a transform goes through memory between the last axis and the others.
    private static boolean staged(DType type, int[] dims) {
        return dims.length == 3 || dims.length == 2 && imageBytes(type, dims) > SLAB_BYTES;
    }

    private static int imageBytes(DType type, int[] dims) {
        return (int) Math.min(SLAB_BYTES + 1, 2L * (dims[1] / 2 + 1) * FftBlock.oddLines(dims[0], type == DType.F64) * type.bytes());
    }

    private static int slabRows(int half, boolean doubles) {
        int rows = ROWS;
        while (rows > 32 && 2L * half * rows * (doubles ? 8 : 4) > SLAB_BYTES) {
            rows /= 2;
        }
        return rows;
    }

    private int n() {
        return block.n;
    }

    private static int roundUp(int n, int to) {
        return divideUp(n, to) * to;
    }

    private static int divideUp(int n, int by) {
        return (n + by - 1) / by;
    }

    @Override
    public void bind(Memory memory) {
        for (int i = 0; i < 2; i++) {
            arrays[i] = memory.array(operands[i].buffer());
            bases[i] = memory.base(operands[i].buffer()) + operands[i].offset();
        }
        if (between >= 0) {
            middle = memory.array(between);
            middleBase = memory.base(between);
        }
    }

    @Override
    public void run() {
        if (imaginary == 0) {
            return;
        }
        simd = block.simd();
        int planes = divideUp(batch * block.half, planesPerChunk());
        if (inverse && staged) {
            Workers.run(planes, secondStage);
        }
        Workers.run(units, first);
        if (!inverse && staged) {
            Workers.run(planes, secondStage);
        }
    }

    private int planesPerChunk() {
        return dims.length == 3 ? Math.max(1, GRAIN / plane) : roundUp(divideUp(GRAIN, plane), 16);
    }

    // ------------------------------------------------------------------------------------------------- one dimension

    /// Some rows: through a panel of spectra to rows of spectra.
    private void lines(int chunk) {
        Object own = FftScratch.array(doubles, room);
        int begin = chunk * unit;
        int count = Math.min(batch, begin + unit) - begin;
        int re = block.slab;
        int im = re + block.half * slabRow;
        int numbers = begin * n();
        int spectrum = begin * block.half;
        if (inverse) {
            block.transposeIn(simd, count, block.half, arrays[0], bases[0] + spectrum, block.half, own, re, slabRow);
            block.transposeIn(simd, count, block.half, arrays[0], bases[0] + imaginary + spectrum, block.half, own, im, slabRow);
            block.inverse(simd, count, own, re, im, slabRow, arrays[1], bases[1] + numbers, n(), own);
        } else {
            block.forward(simd, count, arrays[0], bases[0] + numbers, n(), own, re, im, slabRow, own);
            block.transposeOut(simd, count, block.half, own, re, slabRow, arrays[1], bases[1] + spectrum, block.half);
            block.transposeOut(simd, count, block.half, own, im, slabRow, arrays[1], bases[1] + imaginary + spectrum, block.half);
        }
    }

    // ------------------------------------------------------------------------------------------------- two dimensions

    /// Some whole transforms, their spectra's rows padded in the thread's array.
    private void images(int chunk) {
        Object own = FftScratch.array(doubles, room);
        int begin = chunk * unit;
        int count = Math.min(batch, begin + unit) - begin;
        int rows = count * block.half;
        int re = block.slab;
        int im = re + rows * slabRow;
        int spectrum = begin * block.half * plane;
        int numbers = begin * plane * n();
        if (inverse) {
            int from = bases[0] + spectrum;
            block.rows(simd, 0, rows, arrays[0], from + imaginary, from, plane, own, im, re, slabRow, own);
            for (int b = 0; b < count; b++) {
                int at = b * block.half * slabRow;
                block.inverse(simd, plane, own, re + at, im + at, slabRow, arrays[1], bases[1] + numbers + b * plane * n(), n(), own);
            }
        } else {
            for (int b = 0; b < count; b++) {
                int at = b * block.half * slabRow;
                block.forward(simd, plane, arrays[0], bases[0] + numbers + b * plane * n(), n(), own, re + at, im + at, slabRow, own);
            }
            int to = bases[1] + spectrum;
            block.rows(simd, 0, rows, own, re, im, slabRow, arrays[1], to, to + imaginary, plane, own);
        }
    }

    // ------------------------------------------------------------------------------------------------- by way of memory

    /// Between some rows of numbers and the same place in all planes, by way of a slab in the thread's array.
    private void slab(int chunk) {
        Object own = FftScratch.array(doubles, room);
        int perTransform = units / batch;
        int b = chunk / perTransform;
        int begin = (chunk - b * perTransform) * unit;
        int count = Math.min(plane, begin + unit) - begin;
        int re = block.slab;
        int im = re + block.half * slabRow;
        int spectrum = b * block.half * plane + begin;
        int numbers = (b * plane + begin) * n();
        if (inverse) {
            for (int k = 0; k < block.half; k++) {
                System.arraycopy(middle, middleBase + spectrum + k * plane, own, re + k * slabRow, count);
                System.arraycopy(middle, middleBase + imaginary + spectrum + k * plane, own, im + k * slabRow, count);
            }
            block.inverse(simd, count, own, re, im, slabRow, arrays[1], bases[1] + numbers, n(), own);
        } else {
            block.forward(simd, count, arrays[0], bases[0] + numbers, n(), own, re, im, slabRow, own);
            for (int k = 0; k < block.half; k++) {
                System.arraycopy(own, re + k * slabRow, arrays[1], bases[1] + spectrum + k * plane, count);
                System.arraycopy(own, im + k * slabRow, arrays[1], bases[1] + imaginary + spectrum + k * plane, count);
            }
        }
    }

    /// The complex transforms of some rows, of two-dimensional spectra.
    private void rows(int chunk) {
        Object own = FftScratch.array(doubles, room);
        int begin = chunk * planesPerChunk();
        int count = Math.min(batch * block.half, begin + planesPerChunk()) - begin;
        int at = begin * plane;
        if (inverse) {
            int from = bases[0] + at;
            int to = middleBase + at;
            block.rows(simd, 0, count, arrays[0], from + imaginary, from, plane, middle, to + imaginary, to, plane, own);
        } else {
            int to = bases[1] + at;
            block.rows(simd, 0, count, arrays[1], to, to + imaginary, plane, arrays[1], to, to + imaginary, plane, own);
        }
    }

    /// Both complex transforms of some planes, by way of a padded plane in the thread's array.
    private void planes(int chunk) {
        Object own = FftScratch.array(doubles, room);
        int per = planesPerChunk();
        int end = Math.min(batch * block.half, (chunk + 1) * per);
        // The plane has rows along one axis when it comes and along the other when it goes.
        int away = inverse ? 1 : 0;
        int columns = dims[away];
        int rows = dims[1 - away];
        int row = FftBlock.oddLines(rows, doubles);
        int re = block.slab;
        int im = re + columns * row;
        for (int p = chunk * per; p < end; p++) {
            Object from = arrays[inverse ? 0 : 1];
            int at = bases[inverse ? 0 : 1] + p * plane;
            Object to = inverse ? middle : from;
            int out = inverse ? middleBase + p * plane : at;
            // The inverse transform is the transform with real and imaginary parts exchanged, on both sides.
            int atIm = inverse ? at : at + imaginary;
            int atRe = inverse ? at + imaginary : at;
            if (far) {
                // Rows in their order come from memory faster than columns.
                for (int j = 0; j < columns; j++) {
                    System.arraycopy(from, atRe + j * rows, own, re + j * row, rows);
                    System.arraycopy(from, atIm + j * rows, own, im + j * row, rows);
                }
                block.columns(simd, away, rows, own, re, im, row, own, re, im, row, own);
            } else {
                block.columns(simd, away, rows, from, atRe, atIm, rows, own, re, im, row, own);
            }
            int outRe = inverse ? out + imaginary : out;
            int outIm = inverse ? out : out + imaginary;
            block.turnedRows(simd, 1 - away, columns, own, re, im, row, to, outRe, outIm, columns, own);
        }
    }

    @Override
    public String toString() {
        return (inverse ? "inverse " : "") + "fft " + (batch > 1 ? batch + " x " : "") + Arrays.toString(dims);
    }
}
