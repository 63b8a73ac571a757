package org.cosmograd.autodiff.kernel;

import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.invoke.MethodHandles;

/// The way of emitted classes into the virtual machine.
final class Emitted {
    /// The most bytes of bytecode that a kernel may have. HotSpot never compiles a method of more than 8000, and a kernel that is not
    /// compiled is a thousand times slower.
    static final int MOST_BYTES = 6000;

    private Emitted() {}

    /// A new hidden class of this package. With assertions enabled, as in tests, too long methods are an error.
    static Class<?> define(byte[] bytes) throws IllegalAccessException {
        assert longest(bytes) <= MOST_BYTES : "kernel: a method of " + longest(bytes) + " bytes of bytecode, the limit is " + MOST_BYTES;
        return MethodHandles.lookup().defineHiddenClass(bytes, true).lookupClass();
    }

    /// The bytes of bytecode of the longest method of a class.
    static int longest(byte[] bytes) {
        return ClassFile.of().parse(bytes).methods().stream()
                .flatMap(m -> m.code().stream())
                .mapToInt(code -> ((CodeAttribute) code).codeLength())
                .max()
                .orElse(0);
    }
}
