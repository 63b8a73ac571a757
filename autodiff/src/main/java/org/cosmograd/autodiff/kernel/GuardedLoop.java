package org.cosmograd.autodiff.kernel;

/// The SIMD twin of a loop with [Rare] functions: elements that need none, which nearly all do not, take a loop that has none, others
/// the scalar twin. A call within a SIMD loop, even one never made, would cost half its speed, since C2 then keeps no constant in a
/// register; so elements are looked through first, in blocks that stay in the cache.
///
/// @param guard tells whether there are such elements
/// @param simd the loop without
/// @param scalar the loop with
/// @param wholeRows whether a row must not be cut
record GuardedLoop(LoopGuard guard, LoopKernel simd, LoopKernel scalar, boolean wholeRows) implements LoopKernel {
    /// Elements of a block of rows.
    private static final int BLOCK = 4096;

    /// Elements that take the scalar loop together, unless a row must stay whole.
    private static final int PART = 64;

    @Override
    public void run(Object[] arrays, int[] geometry, int rowBegin, int rowEnd, int n) {
        if (rowBegin >= rowEnd) { // the calls that only count
            guard.isNeeded(arrays, geometry, rowBegin, rowEnd, n);
            simd.run(arrays, geometry, rowBegin, rowEnd, n);
            scalar.run(arrays, geometry, rowBegin, rowEnd, n);
            return;
        }
        int rows = Math.max(1, BLOCK / Math.max(1, n));
        for (int begin = rowBegin; begin < rowEnd; begin += rows) {
            int end = Math.min(rowEnd, begin + rows);
            if (guard.isNeeded(arrays, geometry, begin, end, n)) {
                inParts(arrays, geometry, begin, end, n);
            } else {
                simd.run(arrays, geometry, begin, end, n);
            }
        }
    }

    private void inParts(Object[] arrays, int[] geometry, int rowBegin, int rowEnd, int n) {
        int part = wholeRows ? n : PART;
        int[] g = LoopScratch.moved(geometry);
        for (int i = 0; i < n; i += part) {
            int count = Math.min(part, n - i);
            for (int k = 0; k < geometry.length; k += 3) {
                g[k] = geometry[k] + i * geometry[k + 2];
            }
            for (int row = rowBegin; row < rowEnd; row++) {
                (guard.isNeeded(arrays, g, row, row + 1, count) ? scalar : simd).run(arrays, g, row, row + 1, count);
            }
        }
    }
}
