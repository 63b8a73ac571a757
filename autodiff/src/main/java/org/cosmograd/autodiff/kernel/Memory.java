package org.cosmograd.autodiff.kernel;

/// Where the buffers of a schedule lie at the moment.
public interface Memory {
    /// The array that holds a buffer.
    Object array(int buffer);

    /// Where in that array the buffer's first element lies.
    int base(int buffer);
}
