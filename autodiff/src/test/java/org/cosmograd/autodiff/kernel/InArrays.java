package org.cosmograd.autodiff.kernel;

/// Buffers that are arrays of their own.
record InArrays(Object... arrays) implements Memory {
    @Override
    public Object array(int buffer) {
        return arrays[buffer];
    }

    @Override
    public int base(int buffer) {
        return 0;
    }
}
